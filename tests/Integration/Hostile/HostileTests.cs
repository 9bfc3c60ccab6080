using System.Globalization;
using Xunit;

namespace Fanout.Tests.Integration.Hostile;

/// <summary>
/// Each attack against a node of its own: the neighbours' messages keep flowing in order, the node's memory stays bounded, and the attackers are seen
/// off. <c>scripts/hostile</c> runs the same for longer and prints a table.
/// </summary>
[Collection(Support.Alone.Name)]
public sealed class HostileTests(ITestOutputHelper output)
{
    // How much later the neighbours may hear each other, as a multiple of the worst of the moment before the attack. The attackers take most of the
    // machine for themselves, and no scheduler is fair within milliseconds: what is to be seen here is a node that does nothing but suffer.
    private const double MostTimesUsualAtTheMedian = 10;
    private const double MostTimesUsualAtP95 = 50;
    private const double LeastUsualMs = 10;

    // Of several attacks that end only after 10 s one is waited for where the runs are short.
    private const double ShowsAbuse = 5;

    private static readonly double Seconds = Setting("HOSTILE_SECONDS") is { } seconds ? double.Parse(seconds, CultureInfo.InvariantCulture) : 1;

    // Times are for whoever has a quiet machine and asks for them; elsewhere a message that does not come at all is what fails.
    private static readonly bool IsMeasuring = Setting("HOSTILE_SECONDS") is not null;

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
        bool isBounded;
        do
        {
            var stretch = (await street.TalkAsync(TimeSpan.FromSeconds(Seconds))).Order().ToList();
            with.AddRange(stretch);
            // One stretch on a machine that does something else as well shows nothing; an attack that holds the neighbours up does so in each.
            isBounded = !IsMeasuring || IsBounded(without, stretch);
        }
        while (street.Complaint is null && (!isBounded || (awaits is { } expected && !await street.SawAsync(expected, attack.Reason)))
            && System.Diagnostics.Stopwatch.GetElapsedTime(began) < TestKit.Deadlines.Default);
        var took = System.Diagnostics.Stopwatch.GetElapsedTime(began).TotalSeconds;
        cpu = (ProcessUse.Cpu(process) - cpu) / took;
        await stop.CancelAsync();
        // They answer the node's pings as long as they talk.
        while (!attacking.IsCompleted && street.Complaint is null)
            await street.TalkAsync(TimeSpan.FromSeconds(0.2));
        await attacking;
        var peak = await peaking;
        await street.TalkAsync(TimeSpan.FromSeconds(0.5));

        var ends = string.Join(", ", street.Ends.OrderByDescending(end => end.Value).Select(end => $"{end.Key} x {end.Value}"));
        with.Sort();
        Report(attack, before, peak, ProcessUse.Memory(process), without, with, cpu, ends);
        Assert.Null(street.Complaint);
        Assert.False(street.Process.HasExited);
        Assert.InRange(peak - before, double.MinValue, attack.MostGrowth);
        if (IsMeasuring)
            Assert.True(isBounded, $"The neighbours waited much longer than before: {At(with, 0.5):0.0} ms at the median, {At(with, 0.95):0.0} at 95 %; before {At(without, 0.99):0.0} at 99 %.");
        if (awaits is { } wanted)
            Assert.True(await street.SawAsync(wanted, attack.Reason), $"Nobody ended with '{wanted}': {ends}");
        Assert.Empty(street.Process.Errors);
    }

    // Against what the same neighbours had a moment before, in the same process on the same machine.
    private static bool IsBounded(double[] without, List<double> with)
    {
        var usual = Math.Max(At(without, 0.99), LeastUsualMs);
        return At(with, 0.5) <= usual * MostTimesUsualAtTheMedian && At(with, 0.95) <= usual * MostTimesUsualAtP95;
    }

    private void Report(Attack attack, double before, double peak, double after, double[] without, List<double> with, double cpu, string ends)
    {
        // The place comes first, for scripts/hostile to sort by.
        var row = string.Create(
            CultureInfo.InvariantCulture,
            $"{Place(attack):00}\t| {attack.Name} | {attack.Connections} | {before:0} / {peak:0} / {after:0} | {At(without, 0.5):0.0} / {At(without, 0.99):0.0} | {At(with, 0.5):0.0} / {At(with, 0.99):0.0} | {cpu:0.00} | {ends} |");
        output.WriteLine(row);
        if (Setting("HOSTILE_REPORT") is { } file)
            File.AppendAllText(file, row + "\n");
    }

    private static int Place(Attack attack) => Attacks.All.TakeWhile(other => other != attack).Count();

    private static double At(IReadOnlyList<double> sorted, double part) => sorted.Count == 0 ? 0 : sorted[Math.Min(sorted.Count - 1, (int)(sorted.Count * part))];

    private static string? Setting(string name) => Environment.GetEnvironmentVariable(name) is { Length: > 0 } value ? value : null;
}
