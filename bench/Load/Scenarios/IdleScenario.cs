using Fanout.Bench.Load.Servers;
using Fanout.Bench.Load.Sockets;

namespace Fanout.Bench.Load.Scenarios;

/// <summary>Connections with a room each that do nothing: memory, and what it costs to connect them.</summary>
internal sealed record IdleScenario(string Name, string[] Servers) : Scenario(Name, Servers, NeedsFreshServer: true)
{
    public int Connections { get; init; } = 15_000;

    public override Result Run(RunningServer server, Fleet fleet, RunOptions options)
    {
        var count = Math.Max(500, (int)(Connections * Math.Min(1, options.Scale * 2)));
        // Compiled code and grown pools are no connection's cost.
        fleet.Connect(Plans(server, 300, "warm"));
        fleet.CloseAll();
        Thread.Sleep(options.Seconds(2));

        var (memory, redisMemory, cpu) = (server.ResidentBytes, server.RedisResidentBytes, server.CpuSeconds);
        var connected = fleet.Connect(Plans(server, count, "idle"));
        var connectCpu = server.CpuSeconds - cpu;
        Thread.Sleep(options.Seconds(5));
        var result = new Result
        {
            Scenario = Name,
            Server = server.Kind.Name,
            Members = 1,
            Rooms = count,
            Seconds = connected.Seconds,
            ConnectsPerSecond = count / connected.Seconds,
            CpuMicrosPerConnect = connectCpu * 1e6 / count,
            ConnectP99Ms = connected.Times.Percentile(99),
            KilobytesPerConnection = (server.ResidentBytes - memory) / 1024.0 / count,
            RedisKilobytesPerConnection = server.Kind.NeedsRedis ? (server.RedisResidentBytes - redisMemory) / 1024.0 / count : null,
            Cut = fleet.Lost,
        };
        fleet.CloseAll();
        return result;
    }

    private static List<ClientPlan> Plans(RunningServer server, int count, string prefix) =>
        [.. Enumerable.Range(0, count).Select(n => new ClientPlan(server.Kind.Protocol, server.Ports[n % server.Ports.Count], $"{prefix}-{n}", n))];
}
