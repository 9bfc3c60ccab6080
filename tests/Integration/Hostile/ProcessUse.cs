using System.Globalization;

namespace Fanout.Tests.Integration.Hostile;

/// <summary>What a process takes of the machine, by <c>/proc</c>.</summary>
internal static class ProcessUse
{
    private const double TicksPerSecond = 100;

    /// <summary>Resident memory in MB.</summary>
    public static double Memory(int processId)
    {
        var line = File.ReadLines($"/proc/{processId}/status").First(line => line.StartsWith("VmRSS:", StringComparison.Ordinal));
        return double.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) / 1024;
    }

    /// <summary>Seconds of CPU so far.</summary>
    public static double Cpu(int processId)
    {
        // Behind the name in brackets, which may hold spaces: the 12th and 13th field from there are user and system time.
        var stat = File.ReadAllText($"/proc/{processId}/stat");
        var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
        return (long.Parse(fields[11], CultureInfo.InvariantCulture) + long.Parse(fields[12], CultureInfo.InvariantCulture)) / TicksPerSecond;
    }

    /// <summary>The most memory until told to stop, looked at every 50 ms.</summary>
    public static async Task<double> PeakAsync(int processId, CancellationToken stop)
    {
        var peak = Memory(processId);
        while (!stop.IsCancellationRequested)
        {
            peak = Math.Max(peak, Memory(processId));
            await Task.Delay(TimeSpan.FromMilliseconds(50), CancellationToken.None);
        }

        return peak;
    }
}
