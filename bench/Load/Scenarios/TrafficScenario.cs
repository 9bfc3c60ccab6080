using Fanout.Bench.Load.Measuring;
using Fanout.Bench.Load.Protocols;
using Fanout.Bench.Load.Servers;
using Fanout.Bench.Load.Sockets;
using Fanout.Bench.Load.Traffics;

namespace Fanout.Bench.Load.Scenarios;

/// <summary>Members, publishers, and messages at a rate or with a number in flight.</summary>
internal sealed record TrafficScenario(string Name, string[] Servers) : Scenario(Name, Servers)
{
    private const int Publishers = 4;

    public int RoomCount { get; init; } = 1;

    public int MembersPerRoom { get; init; } = 1000;

    public int PayloadBytes { get; init; } = 128;

    /// <summary>Publishes a second; 0: saturated.</summary>
    public double Rate { get; init; }

    public int InFlight { get; init; } = 32;

    public bool OverHttp { get; init; }

    /// <summary>Members are users, and messages are pushed to them.</summary>
    public bool ToUsers { get; init; }

    /// <summary>Messages in one call over HTTP.</summary>
    public int BatchSize { get; init; } = 1;

    /// <summary>One member more that reads nothing.</summary>
    public bool WithStalledMember { get; init; }

    public double WarmUpSeconds { get; init; } = 2;

    public double MeasuredSeconds { get; init; } = 6;

    public override Result Run(RunningServer server, Fleet fleet, RunOptions options)
    {
        var traffic = Prepare(server, fleet);
        try
        {
            var stalled = WithStalledMember ? Stall(server, fleet, traffic.Rooms[0]) : null;
            var result = Measure(server, fleet, traffic, options);
            return stalled is null ? result : result with { Stalled = EndOf(stalled, traffic) };
        }
        finally
        {
            traffic.End();
            fleet.CloseAll();
        }
    }

    private Traffic Prepare(RunningServer server, Fleet fleet)
    {
        var protocol = server.Kind.Protocol;
        var rooms = Enumerable.Range(0, RoomCount).Select(room => $"{(ToUsers ? Protocol.UserPrefix : "")}bench-{Name}-{room}").ToArray();
        var traffic = new Traffic(rooms, fleet.Loops, protocol, PayloadBytes, OverHttp, BatchSize);

        var members = rooms
            .SelectMany((room, index) => Enumerable.Range(0, MembersPerRoom).Select(_ => (room, index)))
            .Select((place, n) => new ClientPlan(protocol, server.Ports[n % server.Ports.Count], place.room, place.index))
            .ToList();
        fleet.Connect(members, client => traffic.Parts[client.Loop.Index].AddMember(client.Plan.RoomIndex));

        // Over HTTP each connection carries one request at a time, so there are as many as may be in flight.
        var publishers = Enumerable.Range(0, OverHttp ? InFlight : Publishers)
            .Select(_ => new ClientPlan(OverHttp ? null : protocol, server.Ports[0], null, 0, protocol.TiesPublishers ? rooms[0] : null))
            .ToList();
        fleet.Connect(publishers, client => traffic.Parts[client.Loop.Index].AddPublisher(client));
        traffic.Begin();
        return traffic;
    }

    private Result Measure(RunningServer server, Fleet fleet, Traffic traffic, RunOptions options)
    {
        if (Rate > 0)
            traffic.Pace(Rate);
        else
            traffic.Saturate(InFlight);
        Thread.Sleep(options.Seconds(WarmUpSeconds));

        var sample = Slices(server, traffic, options);
        traffic.Pause();
        WaitForRest(traffic);
        return new Result
        {
            Scenario = Name,
            Server = server.Kind.Name,
            Members = MembersPerRoom,
            Rooms = RoomCount,
            PayloadBytes = PayloadBytes,
            Seconds = sample.Seconds,
            PublishesPerSecond = sample.Published / sample.Seconds,
            DeliveriesPerSecond = sample.Deliveries / sample.Seconds,
            CpuMicrosPerDelivery = sample.PerDelivery(sample.ServerCpu),
            RedisCpuMicrosPerDelivery = server.Kind.NeedsRedis ? sample.PerDelivery(sample.RedisCpu) : null,
            P50Ms = sample.Latencies.Percentile(50),
            P99Ms = sample.Latencies.Percentile(99),
            P999Ms = sample.Latencies.Percentile(99.9),
            ServerCores = sample.ServerCpu / sample.Seconds,
            GeneratorCores = sample.OwnCpu / sample.Seconds,
            OtherCores = sample.OtherCores,
            Cut = fleet.Lost,
            Incomplete = traffic.Published - traffic.Completed,
            Refused = traffic.Refused,
            Failure = sample.Deliveries == 0 ? $"nothing was delivered ({fleet.LastLoss ?? "no connection was lost"})" : null,
        };
    }

    private static Client Stall(RunningServer server, Fleet fleet, string room)
    {
        Client? stalled = null;
        fleet.Connect([new ClientPlan(server.Kind.Protocol, server.Ports[0], room, 0, Stalls: true)], client => stalled = client);
        return stalled!;
    }

    // It reads again when all is over, and so learns what was done with it.
    private static string EndOf(Client stalled, Traffic traffic)
    {
        traffic.End();
        stalled.Loop.Run(() => stalled.Loop.Resume(stalled));
        var deadline = Clock.Now + 3_000_000_000;
        while (stalled.Phase != ClientPhase.Closed && Clock.Now < deadline)
            Thread.Sleep(20);
        return stalled.Ended ?? "still open";
    }

    private static void WaitForRest(Traffic traffic)
    {
        var deadline = Clock.Now + 3_000_000_000;
        while (traffic.Completed < traffic.Published && Clock.Now < deadline)
            Thread.Sleep(20);
    }

    // Measured in slices, so that those during which other processes took the machine can be left out.
    private Sample Slices(RunningServer server, Traffic traffic, RunOptions options)
    {
        var (quiet, all) = (new Sample(), new Sample());
        var wanted = options.Seconds(MeasuredSeconds).TotalSeconds;
        while (quiet.Seconds < wanted - 0.01 && all.Seconds < wanted * options.Persistence)
        {
            foreach (var part in traffic.Parts)
                part.Loop.Run(part.Latencies.Clear);
            var before = Usage.Now(server, traffic);
            Thread.Sleep(TimeSpan.FromSeconds(Math.Min(1, wanted)));
            var slice = Usage.Now(server, traffic) - before;
            var latencies = new LatencyHistogram();
            foreach (var part in traffic.Parts)
                part.Loop.Run(() => latencies.Add(part.Latencies));
            all.Add(slice, latencies);
            if (slice.OtherCores < Result.NoisyCores)
                quiet.Add(slice, latencies);
        }

        return quiet.Seconds >= wanted / 2 ? quiet : all;
    }
}
