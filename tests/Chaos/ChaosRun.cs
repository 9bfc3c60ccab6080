using Fanout.Tests.Chaos.Checking;
using Fanout.Tests.Chaos.Cluster;
using Fanout.Tests.Chaos.Faults;
using Fanout.Tests.Chaos.Recordings;
using Fanout.Tests.Chaos.Workload;
using Fanout.Tests.TestKit;
using Fanout.Tests.TestKit.Clients;
using StackExchange.Redis;

namespace Fanout.Tests.Chaos;

/// <summary>
/// One run: 1 start the fleet, subscribers and publishers -> 2 faults -> 3 stop publishing while the last faults still ache -> 4 heal, and
/// wait until everybody is at the end and no ghost is left -> 5 check.
/// </summary>
internal sealed class ChaosRun : IAsyncDisposable
{
    // A subscription that died alone is found by the comparison every 30 s; nothing may take longer than that. What follows from it
    // is a matter of five seconds, and of more on a machine that others use too.
    private static readonly TimeSpan LongestSettling = TimeSpan.FromSeconds(Deadlines.IsCi ? 60 : 35);

    private readonly ChaosOptions _options;
    private readonly Fleet _fleet;
    private readonly ConnectionMultiplexer _admin;
    private readonly RunClock _clock = new();
    private readonly Oddities _oddities = new();
    private readonly List<Publisher> _publishers = [];
    private readonly List<Subscriber> _subscribers = [];

    private ChaosRun(ChaosOptions options, Fleet fleet, ConnectionMultiplexer admin) => (_options, _fleet, _admin) = (options, fleet, admin);

    public static async Task<ChaosResult> RunAsync(ChaosOptions options)
    {
        // 1
        await using var fleet = await Fleet.StartAsync([.. options.NodeSettings]);
        await using var admin = await fleet.Redis.ConnectAsync();
        await using var run = new ChaosRun(options, fleet, admin);
        return await run.RunAsync();
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var publisher in _publishers)
            await publisher.DisposeAsync();
    }

    private async Task<ChaosResult> RunAsync()
    {
        MakePublishers();
        MakeSubscribers();
        using var noMorePublishing = new CancellationTokenSource();
        using var over = new CancellationTokenSource();
        var subscribing = _subscribers.Select(subscriber => Task.Run(() => subscriber.RunAsync(over.Token))).ToList();
        var publishing = _publishers.Select(publisher => Task.Run(() => publisher.RunAsync(noMorePublishing.Token, over.Token))).ToList();

        // 2
        var faults = new FaultRunner(_options, new RedisFaults(_fleet, _admin, _clock), new NodeFaults(_fleet), new ClientFaults(_subscribers), _clock);
        await faults.RunAsync();

        // 3
        await noMorePublishing.CancelAsync();
        foreach (var subscriber in _subscribers)
            subscriber.SettleDown();
        await Task.WhenAll(publishing).WithDeadline("the last publishes", Deadlines.Default * 3);

        // 4
        var healed = _clock.Now;
        var look = new FinalLook(_fleet, _admin, _subscribers);
        var final = await SettleAsync(look, faults.Outages);
        var settled = _clock.Now - healed;
        await over.CancelAsync();
        foreach (var subscriber in _subscribers)
            subscriber.Cut();
        await Task.WhenAll(subscribing).WithDeadline("the subscribers to end");

        // 5
        var recording = Record(faults.Outages, final);
        return new ChaosResult(
            _options, recording, Checker.Check(recording), faults.Done, _publishers.Sum(publisher => publisher.Attempts),
            _subscribers.Sum(subscriber => subscriber.Connects), _subscribers.Count, settled, _clock.Now, [.. _fleet.Slots.SelectMany(slot => slot.Errors)],
            [.. _subscribers.SelectMany(subscriber => subscriber.Drains)]);
    }

    private void MakePublishers()
    {
        foreach (var room in Room.All)
        {
            // One of each kind, so that the payload's two forms meet in every room.
            foreach (var channel in new IPublishChannel[] { new HttpChannel(), new SocketChannel(_publishers.Count % 4 == 1 ? TestClientOptions.Msgpack : TestClientOptions.Json) })
                _publishers.Add(new Publisher(_publishers.Count, room, channel, _fleet, _clock, _oddities, _options.Seed));
        }
    }

    private void MakeSubscribers()
    {
        for (var number = 1; number <= _options.Subscribers; number++)
            _subscribers.Add(new Subscriber(number, [.. Room.All.Where(room => number % room.Share == 1 % room.Share)], _fleet, _clock, _oddities, _options.Seed));
    }

    private Recording Record(IReadOnlyList<Outage> outages, FinalState final) => new(
        [.. Room.All.Select(room => room.Rules)],
        [.. _publishers.SelectMany(publisher => publisher.Records)],
        [.. _subscribers.SelectMany(subscriber => subscriber.Tracks)],
        outages,
        final,
        _oddities.All);

    // Waits for what the checker will demand; when it does not come, the checker says what is wrong with the last look.
    private async Task<FinalState> SettleAsync(FinalLook look, IReadOnlyList<Outage> outages)
    {
        FinalState? last = null;
        try
        {
            await Eventually.TrueAsync(
                async () =>
                {
                    var positions = await look.PositionsAsync();
                    if (!_subscribers.All(subscriber => IsThere(subscriber, positions)))
                        return false;
                    last = await look.ReadAsync();
                    // The tracks are still being written: only what was read just now is looked at.
                    var problems = Checker.Check(new Recording([.. Room.All.Select(room => room.Rules)], [], [], outages, last with { Rooms = [.. last.Rooms.Select(room => room with { History = [] })] }, []));
                    return problems.Count == 0;
                },
                "everything to come to rest", LongestSettling);
        }
        catch (TimeoutException)
        {
            last = await look.ReadAsync();
        }

        return last!;
    }

    private static bool IsThere(Subscriber subscriber, IReadOnlyDictionary<string, Position> positions) =>
        subscriber.Session is { IsSeated: true } session
        && session.Positions.All(seat => !positions.TryGetValue(seat.Room, out var end) || seat.Position == end);
}
