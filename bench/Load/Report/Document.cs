namespace Fanout.Bench.Load.Report;

/// <summary>Puts the last run into the document that explains it.</summary>
internal static class Document
{
    private const string Begin = "<!-- results: written by scripts/bench -->";
    private const string End = "<!-- end of results -->";

    public static string Text(ResultFile file) =>
        $"Measured {file.Started:yyyy-MM-dd HH:mm} UTC at {file.Commit}{(file.IsQuick ? " (a smoke run: its figures mean little)" : "")}, "
        + FormattableString.Invariant($"in {file.Minutes:0} minutes, on {file.Machine.Cores} cores ({file.Machine.Processor}), {file.Machine.MemoryGb} GB, {file.Machine.Kernel}, {file.Machine.Runtime}; ")
        + FormattableString.Invariant($"load average before: {file.Machine.LoadAverageBefore}.\n\n")
        + string.Concat(file.Missing.Select(missing => $"Not measured: {missing.Key}, {missing.Value}.\n\n"))
        + Targets.Of(file) + "\n" + Tables.Of(file);

    public static void Insert(ResultFile file, string path)
    {
        var text = File.ReadAllText(path);
        var begin = text.IndexOf(Begin, StringComparison.Ordinal);
        var end = text.IndexOf(End, StringComparison.Ordinal);
        if (begin < 0 || end < begin)
            throw new InvalidDataException($"{path} has no place for the results");
        File.WriteAllText(path, text[..(begin + Begin.Length)] + "\n" + Text(file) + text[end..]);
    }
}
