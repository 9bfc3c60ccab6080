using System.Globalization;
using Xunit;

namespace Fanout.Tests.Integration.Hostile;

/// <summary>
/// Each attack against a node of its own: the neighbours' messages keep flowing in order, the node's memory stays bounded, and the attackers are seen
/// off. <c>scripts/hostile</c> runs the same for longer and prints a table.
/// </summary>
public sealed class HostileTests(ITestOutputHelper output)
{
    // Most of it is what the collector has not given back yet; unbounded growth would be gigabytes.
    private const double MostGrowthInMegabytes = 200;

    // Of several attacks that end only after 10 s one is waited for where the runs are short.
    private const double ShowsAbuse = 5;

    private static readonly double Seconds = Setting("HOSTILE_SECONDS") is { } seconds ? double.Parse(seconds, CultureInfo.InvariantCulture) : 1;

    public static TheoryData<string> Names =>
        [.. Attacks.All.Select(attack => attack.Name).Where(name => name.Contains(Setting("HOSTILE_ONLY") ?? "", StringComparison.Ordinal))];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task Neighbours_OfAnAttackedNode_TalkOn(string name)
    {
        var attack = Attacks.All.Single(attack => attack.Name == name);
        await using var street = await Street.OpenAsync(attack);
        var process = street.Process.ProcessId;
        var without = await street.TalkAsync(TimeSpan.FromSeconds(Math.Min(1, Seconds / 4)));
        var (before, cpu) = (ProcessUse.Memory(process), ProcessUse.Cpu(process));

        using var stop = new CancellationTokenSource();
        var attacking = street.SufferAsync(attack, stop.Token);
        var peaking = ProcessUse.PeakAsync(process, stop.Token);
        var with = new List<double>();
        // Until the node has shown that it defends itself: a rate is abused only after 10 s, a stall takes its time.
        var awaits = attack.TakesLong && Seconds < ShowsAbuse && attack.Name != Attacks.ShownAlways ? null : attack.Expected;
        var began = System.Diagnostics.Stopwatch.GetTimestamp();
        do
        {
            with.AddRange(await street.TalkAsync(TimeSpan.FromSeconds(Seconds)));
        }
        while (street.Complaint is null && awaits is { } expected && !await street.SawAsync(expected, attack.Reason) && System.Diagnostics.Stopwatch.GetElapsedTime(began) < TestKit.Deadlines.Default);
        var took = System.Diagnostics.Stopwatch.GetElapsedTime(began).TotalSeconds;
        cpu = (ProcessUse.Cpu(process) - cpu) / took;
        await stop.CancelAsync();
        await attacking;
        var peak = await peaking;
        await street.TalkAsync(TimeSpan.FromSeconds(0.5));

        var ends = string.Join(", ", street.Ends.OrderByDescending(end => end.Value).Select(end => $"{end.Key} x {end.Value}"));
        with.Sort();
        Report(attack, before, peak, ProcessUse.Memory(process), without, with, cpu, ends);
        Assert.Null(street.Complaint);
        Assert.False(street.Process.HasExited);
        Assert.InRange(peak - before, double.MinValue, MostGrowthInMegabytes);
        if (awaits is { } wanted)
            Assert.True(await street.SawAsync(wanted, attack.Reason), $"Nobody ended with '{wanted}': {ends}");
        Assert.DoesNotContain(street.Process.Logs, line => line.StartsWith("fail:", StringComparison.Ordinal) || line.StartsWith("crit:", StringComparison.Ordinal));
    }

    private void Report(Attack attack, double before, double peak, double after, double[] without, List<double> with, double cpu, string ends)
    {
        var row = string.Create(
            CultureInfo.InvariantCulture,
            $"| {attack.Name} | {attack.Connections} | {before:0} / {peak:0} / {after:0} | {At(without, 0.5):0.0} / {At(without, 0.99):0.0} | {At(with, 0.5):0.0} / {At(with, 0.99):0.0} | {cpu:0.00} | {ends} |");
        output.WriteLine(row);
        if (Setting("HOSTILE_REPORT") is { } file)
            File.AppendAllText(file, row + "\n");
    }

    private static double At(IReadOnlyList<double> sorted, double part) => sorted.Count == 0 ? 0 : sorted[Math.Min(sorted.Count - 1, (int)(sorted.Count * part))];

    private static string? Setting(string name) => Environment.GetEnvironmentVariable(name) is { Length: > 0 } value ? value : null;
}
