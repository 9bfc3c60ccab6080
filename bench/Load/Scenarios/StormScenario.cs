using Fanout.Bench.Load.Servers;
using Fanout.Bench.Load.Sockets;

namespace Fanout.Bench.Load.Scenarios;

/// <summary>All members, in rooms of ten, are cut at once and come back at once.</summary>
internal sealed record StormScenario(string Name, string[] Servers) : Scenario(Name, Servers, NeedsFreshServer: true)
{
    public int Connections { get; init; } = 5_000;

    public override Result Run(RunningServer server, Fleet fleet, RunOptions options)
    {
        var count = Math.Max(500, (int)(Connections * Math.Min(1, options.Scale * 2)));
        var plans = Enumerable.Range(0, count)
            .Select(n => new ClientPlan(server.Kind.Protocol, server.Ports[n % server.Ports.Count], $"storm-{n / 10}", n / 10))
            .ToList();
        fleet.Connect(plans);
        Thread.Sleep(options.Seconds(1));

        var cpu = server.CpuSeconds;
        var began = Clock.Now;
        fleet.CloseAll();
        var back = fleet.Connect(plans);
        var seconds = (Clock.Now - began) / 1e9;
        // What the server still does for the connections that went belongs to the storm.
        Thread.Sleep(options.Seconds(1));
        var result = new Result
        {
            Scenario = Name,
            Server = server.Kind.Name,
            Members = 10,
            Rooms = count / 10,
            Seconds = seconds,
            ConnectsPerSecond = count / seconds,
            CpuMicrosPerConnect = (server.CpuSeconds - cpu) * 1e6 / count,
            ConnectP99Ms = back.Times.Percentile(99),
            Cut = fleet.Lost,
        };
        fleet.CloseAll();
        return result;
    }
}
