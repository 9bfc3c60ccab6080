using System.Globalization;

namespace Fanout.Bench.Load.Measuring;

/// <summary>What processes have used, from /proc; a process's children count too.</summary>
internal static class ProcessUsage
{
    private const double SecondsPerTick = 0.01; // USER_HZ is 100 on every Linux that .NET runs on.

    /// <summary>User and system time in seconds.</summary>
    public static double CpuSeconds(IEnumerable<int> pids) => Family(pids).Sum(CpuSeconds);

    /// <summary>User and system time of the whole machine in seconds.</summary>
    public static double MachineCpuSeconds()
    {
        // cpu user nice system idle ...
        var fields = ReadOrEmpty("/proc/stat").Split('\n')[0].Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return fields.Skip(1).Take(3).Sum(Parse) * SecondsPerTick;
    }

    /// <summary>Resident bytes.</summary>
    public static long ResidentBytes(IEnumerable<int> pids) => Family(pids).Sum(ResidentBytes);

    private static double CpuSeconds(int pid)
    {
        // Fields 14 and 15, counted behind the name, which may hold anything.
        var stat = ReadOrEmpty($"/proc/{pid}/stat");
        var fields = stat[(stat.LastIndexOf(')') + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return fields.Length < 13 ? 0 : (Parse(fields[11]) + Parse(fields[12])) * SecondsPerTick;
    }

    private static long ResidentBytes(int pid)
    {
        foreach (var line in ReadOrEmpty($"/proc/{pid}/status").Split('\n'))
        {
            if (line.StartsWith("VmRSS:", StringComparison.Ordinal))
                return Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[^2]) * 1024;
        }

        return 0;
    }

    private static IEnumerable<int> Family(IEnumerable<int> pids)
    {
        foreach (var pid in pids)
        {
            yield return pid;
            var children = ReadOrEmpty($"/proc/{pid}/task/{pid}/children")
                .Split(' ', StringSplitOptions.RemoveEmptyEntries)
                .Select(child => int.Parse(child, CultureInfo.InvariantCulture));
            foreach (var child in Family(children))
                yield return child;
        }
    }

    private static long Parse(string text) => long.Parse(text.AsSpan().TrimStart("VmRSS:\t "), CultureInfo.InvariantCulture);

    private static string ReadOrEmpty(string path)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (IOException)
        {
            return ""; // The process ended.
        }
    }
}
