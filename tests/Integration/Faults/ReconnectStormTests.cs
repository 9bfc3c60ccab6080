using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using Fanout.Tests.Integration.Hostile;
using Fanout.Tests.Integration.Support;
using Fanout.Tests.TestKit;
using Fanout.Tests.TestKit.Nodes;
using Xunit;

namespace Fanout.Tests.Integration.Faults;

/// <summary>A node dies, and all of its clients come to another one at once.</summary>
[Collection(Alone.Name)]
public sealed partial class ReconnectStormTests(ITestOutputHelper output)
{
    private const int Rate = 500;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);

    [Fact]
    public async Task Clients_OfADeadNode_AreLetInAtTheRate_AndTheRefusedComeBackSpread()
    {
        // Each client is a file of this process and one of the node's.
        var clients = Math.Min(5_000, OpenFiles() - 1_500);
        Assert.SkipUnless(clients >= 1_000, "ulimit -n is too small for a storm");
        // They answer no pings.
        var patient = new NodeOptions().With(("Fanout:Heartbeat:Timeout", "00:10:00"));
        await using var dying = await RunningNode.StartAsync(patient);
        await using var other = await RunningNode.StartAsync(patient.With(("Fanout:Limits:ConnectionsPerSecond", $"{Rate}")));
        var sockets = new ConcurrentBag<HostileSocket>();
        var letIn = new ConcurrentBag<TimeSpan>();
        var refused = new ConcurrentBag<(int Try, TimeSpan At, int RetryAfter)>();
        using var over = new CancellationTokenSource(Patience);
        try
        {
            await Parallel.ForAsync(0, clients, new ParallelOptions { MaxDegreeOfParallelism = 100, CancellationToken = over.Token }, async (_, stop) =>
                sockets.Add(await HostileSocket.UpgradeAsync(dying.BaseUri, "/ws", stop)));
            var ends = sockets.Select(socket => (Socket: socket, Task: socket.ReadToEndAsync(over.Token))).ToList();

            var began = Stopwatch.GetTimestamp();
            await dying.Process.KillAsync();
            await Task.WhenAll(ends.Select(async end =>
            {
                await end.Task;
                end.Socket.Dispose();
                sockets.Add(await ComeBackAsync(other.BaseUri, began, letIn, refused, over.Token));
            }));

            // Everybody is in, and nobody came in before there was a place: a second's burst, then the rate.
            var times = letIn.Order().ToList();
            Assert.Equal(clients, times.Count);
            for (var i = 0; i < times.Count; i++)
                Assert.True(i + 1 <= Rate + (times[i].TotalSeconds * Rate) + 1, $"{i + 1} were in after {times[i]}");
            Assert.InRange(times[^1].TotalSeconds, (clients - Rate) / (double)Rate - 0.01, Patience.TotalSeconds);

            // Those who were refused the first time are told moments of their own: no second has all of them, though a busy machine blurs when each was told.
            var first = refused.Where(refusal => refusal.Try == 1).ToList();
            Assert.All(first, refusal => Assert.InRange(refusal.RetryAfter, 1, 60));
            Assert.All(first.CountBy(refusal => (int)(refusal.At.TotalSeconds + refusal.RetryAfter)), second => Assert.InRange(second.Value, 0, Rate * 3));
            output.WriteLine(
                $"{clients} let in within {times[^1].TotalSeconds:0.0} s; {refused.Count} refusals; first Retry-After: "
                + string.Join(", ", first.CountBy(refusal => refusal.RetryAfter).OrderBy(pair => pair.Key).Select(pair => $"{pair.Key} s x {pair.Value}")));
            await Eventually.ValueAsync(
                async () => ActiveConnections().Match((await other.Api.GetAsync("/metrics")).Text).Groups[1].Value,
                active => active == clients.ToString(CultureInfo.InvariantCulture), "all of them among the node's connections");
        }
        finally
        {
            foreach (var socket in sockets)
                socket.Dispose();
        }
    }

    // As a client does that keeps to its Retry-After.
    private static async Task<HostileSocket> ComeBackAsync(
        Uri uri, long began, ConcurrentBag<TimeSpan> letIn, ConcurrentBag<(int Try, TimeSpan At, int RetryAfter)> refused, CancellationToken stop)
    {
        for (var tries = 1; ; tries++)
        {
            try
            {
                var socket = await HostileSocket.UpgradeAsync(uri, "/ws", stop);
                letIn.Add(Stopwatch.GetElapsedTime(began));
                return socket;
            }
            catch (RefusedException e)
            {
                Assert.Equal(503, e.Status);
                var wait = int.Parse(RetryAfter().Match(e.Head).Groups[1].Value, CultureInfo.InvariantCulture);
                refused.Add((tries, Stopwatch.GetElapsedTime(began), wait));
                await Task.Delay(TimeSpan.FromSeconds(wait), stop);
            }
        }
    }

    private static int OpenFiles()
    {
        var line = File.ReadLines("/proc/self/limits").First(line => line.StartsWith("Max open files", StringComparison.Ordinal));
        return int.TryParse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[3], CultureInfo.InvariantCulture, out var soft) ? soft : int.MaxValue;
    }

    [GeneratedRegex(@"Retry-After: (\d+)")]
    private static partial Regex RetryAfter();

    [GeneratedRegex(@"(?m)^fanout_connections_active\S* (\d+)")]
    private static partial Regex ActiveConnections();
}
