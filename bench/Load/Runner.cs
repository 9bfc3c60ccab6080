using Fanout.Bench.Load.Measuring;
using Fanout.Bench.Load.Report;
using Fanout.Bench.Load.Scenarios;
using Fanout.Bench.Load.Servers;

namespace Fanout.Bench.Load;

/// <summary>Runs the chosen scenarios, server by server.</summary>
internal sealed class Runner(CommandLine line, string repository)
{
    private readonly List<Result> _results = [];
    private readonly Dictionary<string, string> _missing = [];
    private readonly RunOptions _options = new(line.Scale);
    private readonly Quiet _quiet = new(line.Patience);

    public ResultFile Run()
    {
        var started = DateTimeOffset.UtcNow;
        var began = Clock.Now;
        var machine = Machine.Here();
        foreach (var kind in ServerKinds.All.Where(kind => line.Servers.Count == 0 || line.Servers.Contains(kind.Name)))
            Run(kind, [.. Catalogue.All.Where(scenario => scenario.Servers.Contains(kind.Name) && (line.Only.Count == 0 || line.Only.Contains(scenario.Name)))]);

        return new ResultFile
        {
            Started = started,
            Minutes = (Clock.Now - began) / 60e9,
            Machine = machine,
            Commit = Machine.Commit(repository),
            IsQuick = line.Quick,
            Missing = _missing,
            Results = [.. Catalogue.All.SelectMany(scenario => _results.Where(result => result.Scenario == scenario.Name))],
        };
    }

    private void Run(ServerKind kind, Scenario[] scenarios)
    {
        if (scenarios.Length == 0)
            return;
        if (kind.Missing() is { } missing)
        {
            Console.WriteLine($"{kind.Name}: {missing}");
            _missing[kind.Name] = missing;
            return;
        }

        var together = scenarios.Where(scenario => !scenario.NeedsFreshServer).ToArray();
        if (together.Length > 0)
            RunOnOneServer(kind, together);
        foreach (var scenario in scenarios.Where(scenario => scenario.NeedsFreshServer))
            RunOnOneServer(kind, [scenario]);
    }

    private void RunOnOneServer(ServerKind kind, Scenario[] scenarios)
    {
        try
        {
            using var server = RunningServer.Start(kind, line.Root, repository);
            using var fleet = new Fleet(line.Loops);
            foreach (var scenario in scenarios)
                Keep(RunQuietly(scenario, server, fleet));
        }
        catch (Exception e) when (e is IOException or System.ComponentModel.Win32Exception)
        {
            _missing[kind.Name] = e.Message;
            Console.WriteLine($"{kind.Name}: {e.Message}");
        }
    }

    // A disturbed measurement is made again; the quietest counts.
    private Result RunQuietly(Scenario scenario, RunningServer server, Fleet fleet)
    {
        var best = Run(scenario, server, fleet);
        for (var again = 0; again < line.Retries && best.OtherCores >= Result.NoisyCores; again++)
        {
            var next = Run(scenario, server, fleet);
            if (next.OtherCores < best.OtherCores)
                best = next;
        }

        return best;
    }

    // A scenario that fails says so in its row; the run goes on.
    private Result Run(Scenario scenario, RunningServer server, Fleet fleet)
    {
        _quiet.Wait();
        try
        {
            return scenario.Run(server, fleet, _options);
        }
        catch (Exception e) when (e is IOException or TimeoutException or InvalidOperationException or NotSupportedException)
        {
            fleet.CloseAll();
            return new Result { Scenario = scenario.Name, Server = server.Kind.Name, Failure = e.Message };
        }
    }

    private void Keep(Result result)
    {
        _results.Add(result);
        Console.WriteLine(Tables.Line(result));
    }
}
