using System.Globalization;
using System.Text;
using Fanout.Bench.Load.Scenarios;

namespace Fanout.Bench.Load.Report;

/// <summary>A run as Markdown tables, one a scenario.</summary>
internal static class Tables
{
    private static readonly (string Head, Func<Result, string?> Cell)[] Columns =
    [
        ("deliveries/s", r => Big(r.DeliveriesPerSecond)),
        ("CPU/delivery us", r => Number(r.CpuMicrosPerDelivery)),
        ("Redis us", r => Number(r.RedisCpuMicrosPerDelivery)),
        ("p50 ms", r => Number(r.P50Ms)),
        ("p99 ms", r => Number(r.P99Ms)),
        ("p99.9 ms", r => Number(r.P999Ms)),
        ("connects/s", r => Big(r.ConnectsPerSecond)),
        ("CPU/connect us", r => Number(r.CpuMicrosPerConnect)),
        ("connect p99 ms", r => Number(r.ConnectP99Ms)),
        ("KB/connection", r => Number(r.KilobytesPerConnection)),
        ("Redis KB/connection", r => Number(r.RedisKilobytesPerConnection)),
        ("rooms/s", r => Big(r.RoomsPerSecond)),
        ("CPU/room us", r => Number(r.CpuMicrosPerRoom)),
        ("KB/room", r => Number(r.KilobytesPerRoom)),
        ("Redis KB/room", r => Number(r.RedisKilobytesPerRoom)),
        ("all again after s", r => Number(r.ResubscribeSeconds)),
        ("cores server + load", r => r.ServerCores is null ? null : Invariant($"{r.ServerCores:0.0} + {r.GeneratorCores:0.0}")),
        ("notes", Notes),
    ];

    public static string Of(ResultFile file)
    {
        var text = new StringBuilder();
        foreach (var scenario in Group(file.Results))
        {
            text.Append(CultureInfo.InvariantCulture, $"### {scenario.Key}\n\n");
            Append(text, [.. scenario]);
            text.Append('\n');
        }

        return text.ToString();
    }

    public static string Line(Result result) => result.Failure is { } failure
        ? $"{result.Scenario,-14} {result.Server,-24} {failure}"
        : $"{result.Scenario,-14} {result.Server,-24} "
            + string.Join("  ", Columns.Select(column => (column.Head, Text: column.Cell(result))).Where(cell => !string.IsNullOrEmpty(cell.Text)).Select(cell => $"{cell.Head} {cell.Text}"));

    // The sizes of a room belong side by side.
    private static IEnumerable<IGrouping<string, Result>> Group(IEnumerable<Result> results) =>
        results.GroupBy(result => result.Scenario.StartsWith("members-", StringComparison.Ordinal) ? "members" : result.Scenario);

    private static void Append(StringBuilder text, Result[] results)
    {
        var columns = Columns.Where(column => results.Any(result => !string.IsNullOrEmpty(column.Cell(result)))).ToArray();
        var several = results.Select(result => result.Scenario).Distinct().Count() > 1;
        text.Append("| server |").AppendJoin(" |", columns.Select(column => " " + column.Head)).Append(" |\n|---|")
            .AppendJoin('|', columns.Select(column => column.Head == "notes" ? "---" : "--:")).Append("|\n");
        foreach (var result in results)
        {
            text.Append(CultureInfo.InvariantCulture, $"| {(several ? result.Scenario : result.Server)} |")
                .AppendJoin(" |", columns.Select(column => " " + (column.Cell(result) ?? ""))).Append(" |\n");
        }
    }

    private static string Notes(Result result)
    {
        var notes = new List<string>();
        if (result.Failure is { } failure)
            notes.Add(failure);
        if (result.IsDisturbed)
            notes.Add(Invariant($"disturbed: others used {result.OtherCores:0.0} cores"));
        if (result.Stalled is { } end)
            notes.Add("stalled member: " + end);
        if (result.Cut > 0)
            notes.Add(Invariant($"{result.Cut} cut"));
        if (result.Incomplete > 0)
            notes.Add(Invariant($"{result.Incomplete} messages not with everybody"));
        if (result.Refused > 0)
            notes.Add(Invariant($"{result.Refused} refused"));
        return string.Join(", ", notes);
    }

    private static string? Big(double? value) => value is null ? null : value >= 1e6 ? Invariant($"{value / 1e6:0.00} M") : Invariant($"{value:#,0}");

    private static string? Number(double? value) =>
        value is null ? null : Math.Abs(value.Value) >= 100 ? Invariant($"{value:0}") : Math.Abs(value.Value) >= 10 ? Invariant($"{value:0.0}") : Invariant($"{value:0.00}");

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
