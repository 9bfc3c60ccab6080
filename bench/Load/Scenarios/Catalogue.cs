namespace Fanout.Bench.Load.Scenarios;

/// <summary>Everything that is measured, in the order in which it runs on a server: saturated first, which also compiles its hot path.</summary>
internal static class Catalogue
{
    private static readonly string[] Everybody =
    [
        "fanout", "fanout-history", "fanout-redis", "fanout-redis-history", "fanout-redis-history-2",
        "aspnet", "signalr", "signalr-redis", "signalr-redis-2", "socketio-redis", "ws-redis", "nchan", "nats",
    ];

    private static readonly string[] OneNode = [.. Everybody.Where(name => !name.EndsWith("-2", StringComparison.Ordinal))];

    private static readonly string[] Pushers = ["fanout", "fanout-redis", "fanout-redis-history", "signalr", "signalr-redis"];

    public static readonly IReadOnlyList<Scenario> All =
    [
        new TrafficScenario("saturated", Everybody) { WarmUpSeconds = 3 },
        new TrafficScenario("medium", OneNode) { Rate = 100, MeasuredSeconds = 5, WarmUpSeconds = 1 },
        new TrafficScenario("light", OneNode) { Rate = 20, MeasuredSeconds = 6, WarmUpSeconds = 1 },
        new TrafficScenario("rooms-of-10", ["fanout", "fanout-redis", "fanout-redis-history", "aspnet", "signalr", "signalr-redis", "socketio-redis", "ws-redis", "nats"])
        {
            RoomCount = 100, MembersPerRoom = 10, InFlight = 320, MeasuredSeconds = 5,
        },
        new TrafficScenario("push-http", ["fanout", "fanout-redis-history", "aspnet", "signalr", "signalr-redis", "socketio-redis", "ws-redis", "nchan"])
        {
            RoomCount = 1000, MembersPerRoom = 1, InFlight = 32, OverHttp = true, MeasuredSeconds = 5, WarmUpSeconds = 4,
        },
        // What a notification back end does: one user, one connection, one push; and many of them in one call.
        Push("push-user", inFlight: 32, batch: 1),
        Push("push-user-100", inFlight: 4, batch: 100),
        Push("push-user-1000", inFlight: 2, batch: 1000),
        new TrafficScenario("size-1k", ["fanout", "fanout-history", "aspnet", "signalr", "nats"]) { PayloadBytes = 1024, MeasuredSeconds = 5 },
        new TrafficScenario("size-16k", ["fanout", "fanout-history", "aspnet", "signalr", "nats"]) { PayloadBytes = 16 * 1024, MeasuredSeconds = 5 },
        new TrafficScenario("members-1", ["fanout"]) { MembersPerRoom = 1, MeasuredSeconds = 4, WarmUpSeconds = 1 },
        new TrafficScenario("members-10", ["fanout"]) { MembersPerRoom = 10, MeasuredSeconds = 4, WarmUpSeconds = 1 },
        new TrafficScenario("members-100", ["fanout"]) { MembersPerRoom = 100, MeasuredSeconds = 4, WarmUpSeconds = 1 },
        new TrafficScenario("members-1000", ["fanout"]) { MembersPerRoom = 1000, MeasuredSeconds = 4, WarmUpSeconds = 1 },
        new TrafficScenario("members-10000", ["fanout"]) { MembersPerRoom = 10_000, MeasuredSeconds = 4, WarmUpSeconds = 1 },
        new TrafficScenario("stalled-none", ["fanout", "fanout-history", "aspnet", "signalr"]) { Rate = 50, PayloadBytes = 10 * 1024, MeasuredSeconds = 12 },
        // Long enough to fill the kernel's buffers too: half a megabyte a second for a member that reads nothing.
        new TrafficScenario("stalled-one", ["fanout", "fanout-history", "aspnet", "signalr"])
        {
            Rate = 50, PayloadBytes = 10 * 1024, MeasuredSeconds = 12, WithStalledMember = true,
        },
        new IdleScenario("idle-15000", ["fanout", "fanout-redis-history", "aspnet", "signalr-redis", "nchan", "nats"]),
        new ManyRoomsScenario("rooms-100000", ["fanout-redis", "fanout-redis-history"]),
        new StormScenario("storm-5000", ["fanout-redis-history", "aspnet", "signalr-redis", "socketio-redis", "ws-redis"]),
    ];

    private static TrafficScenario Push(string name, int inFlight, int batch) => new(name, Pushers)
    {
        RoomCount = 1000, MembersPerRoom = 1, InFlight = inFlight, OverHttp = true, ToUsers = true, BatchSize = batch, MeasuredSeconds = 5, WarmUpSeconds = 4,
    };
}
