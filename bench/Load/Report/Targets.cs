using System.Globalization;
using System.Text;
using Fanout.Bench.Load.Scenarios;

namespace Fanout.Bench.Load.Report;

/// <summary>What the service wants to be, as ratios of one run, and what it was.</summary>
internal static class Targets
{
    private sealed record Target(string Text, string Wanted, Func<Lookup, double?> Ratio, double AtLeast);

    private static readonly Target[] All =
    [
        new("saturated room of 1,000 in memory, against SignalR", "8 x", r => r.Rate("fanout", "signalr"), 8),
        new("the same, against plain ASP.NET", "5 x", r => r.Rate("fanout", "aspnet"), 5),
        new("the same, against NATS", "2 x", r => r.Rate("fanout", "nats"), 2),
        new("over Redis with history, against SignalR with Redis", "10 x", r => r.Rate("fanout-redis-history", "signalr-redis"), 10),
        new("light load: CPU per delivery of plain ASP.NET over ours", "1.5 x", r => r.Cpu("light", "aspnet", "fanout"), 1.5),
        new("saturated: the best p99 of a managed peer over ours", "1 x", r => r.BestPeerP99("saturated"), 1),
        new("medium: the best p99 of a managed peer over ours", "1 x", r => r.BestPeerP99("medium"), 1),
        new("light: the best p99 of a managed peer over ours", "1 x", r => r.BestPeerP99("light"), 1),
        new("idle behind Redis: 10 KB over ours", "1 x", r => 10 / r.Of("idle-15000", "fanout-redis-history")?.KilobytesPerConnection, 1),
        new("a member of 10,000 costs no more than one of 100", "1 x", r => r.Of("members-100", "fanout")?.CpuMicrosPerDelivery / r.Of("members-10000", "fanout")?.CpuMicrosPerDelivery, 1),
        // A third and a tenth of what Centrifugo 6.9 was measured to need for one push to one online user: 280 us through Redis, 370 with history.
        new("one push to one user through Redis: 93 us of CPU over ours", "1 x", r => 93 / r.Cpu("push-user", "fanout-redis"), 1),
        new("the same with history: 123 us over ours", "1 x", r => 123 / r.Cpu("push-user", "fanout-redis-history"), 1),
        new("in batches of 1,000 through Redis: 28 us over ours", "1 x", r => 28 / r.Cpu("push-user-1000", "fanout-redis"), 1),
        new("the same with history: 37 us over ours", "1 x", r => 37 / r.Cpu("push-user-1000", "fanout-redis-history"), 1),
        new("one push through Redis: CPU of SignalR with Redis over ours", "1 x", r => r.Cpu("push-user", "signalr-redis", "fanout-redis"), 1),
        new("in batches of 1,000: CPU of SignalR with Redis over ours", "1 x", r => r.Cpu("push-user-1000", "signalr-redis", "fanout-redis"), 1),
        new("p99 of the neighbours without over with a stalled member", "0.8 x", r => r.Of("stalled-none", "fanout")?.P99Ms / r.Of("stalled-one", "fanout")?.P99Ms, 0.8),
    ];

    public static string Of(ResultFile file)
    {
        var lookup = new Lookup(file.Results);
        var text = new StringBuilder("| target | wanted | measured | |\n|---|--:|--:|---|\n");
        foreach (var target in All)
        {
            var ratio = target.Ratio(lookup);
            var verdict = ratio is null ? "not measured" : ratio >= target.AtLeast ? "met" : "missed";
            var measured = ratio is null ? "" : ratio.Value.ToString("0.0#", CultureInfo.InvariantCulture) + " x";
            text.Append(CultureInfo.InvariantCulture, $"| {target.Text} | {target.Wanted} | {measured} | {verdict} |\n");
        }

        return text.ToString();
    }

    private sealed class Lookup(IReadOnlyList<Result> results)
    {
        private static readonly string[] ManagedPeers = ["aspnet", "signalr"];

        public Result? Of(string scenario, string server) =>
            results.FirstOrDefault(result => result.Scenario == scenario && result.Server == server && result.Failure is null);

        public double? Rate(string ours, string peer) => Of("saturated", ours)?.DeliveriesPerSecond / Of("saturated", peer)?.DeliveriesPerSecond;

        public double? Cpu(string scenario, string server) => Of(scenario, server)?.CpuMicrosPerDelivery;

        public double? Cpu(string scenario, string peer, string ours) => Cpu(scenario, peer) / Cpu(scenario, ours);

        public double? BestPeerP99(string scenario) => ManagedPeers.Min(peer => Of(scenario, peer)?.P99Ms) / Of(scenario, "fanout")?.P99Ms;
    }
}
