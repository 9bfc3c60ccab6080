using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;

namespace Fanout.Bench.Load.Report;

/// <summary>Where a run was made.</summary>
internal sealed record Machine(string Processor, int Cores, double MemoryGb, string Kernel, string Runtime, double LoadAverageBefore)
{
    public static Machine Here() => new(
        Value("/proc/cpuinfo", "model name"),
        Environment.ProcessorCount,
        Math.Round(long.Parse(Value("/proc/meminfo", "MemTotal").Split(' ')[0], CultureInfo.InvariantCulture) / 1048576.0, 1),
        RuntimeInformation.OSDescription,
        RuntimeInformation.FrameworkDescription,
        double.Parse(File.ReadAllText("/proc/loadavg").Split(' ')[0], CultureInfo.InvariantCulture));

    /// <summary>The commit in a repository, marked where its work tree differs.</summary>
    public static string Commit(string repository)
    {
        try
        {
            using var git = Process.Start(new ProcessStartInfo("git", ["-C", repository, "describe", "--always", "--dirty", "--exclude=*"])
            {
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            })!;
            return git.StandardOutput.ReadToEnd().Trim();
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return "unknown";
        }
    }

    private static string Value(string file, string name)
    {
        var line = File.ReadLines(file).FirstOrDefault(line => line.StartsWith(name, StringComparison.Ordinal)) ?? ":unknown";
        return line[(line.IndexOf(':', StringComparison.Ordinal) + 1)..].Trim();
    }
}
