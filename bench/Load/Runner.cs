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
    private readonly RunOptions _options = new(line.Scale, line.Patience > TimeSpan.Zero ? 4 : 1);
    private readonly Quiet _quiet = new(line.Patience);

    /// <summary>A new run.</summary>
    public ResultFile Run() => Run(null);

    /// <summary>A run whose disturbed and failed measurements are made again; the others stay.</summary>
    public ResultFile Mend(ResultFile earlier) => Run(earlier);

    private ResultFile Run(ResultFile? earlier)
    {
        var started = DateTimeOffset.UtcNow;
        var began = Clock.Now;
        var machine = Machine.Here();
        if (earlier is not null)
            _results.AddRange(earlier.Results.Where(IsSound));
        foreach (var kind in ServerKinds.All.Where(kind => line.Servers.Count == 0 || line.Servers.Contains(kind.Name)))
            Run(kind, [.. Catalogue.All.Where(scenario => IsWanted(scenario, kind))]);

        var minutes = (Clock.Now - began) / 60e9;
        return new ResultFile
        {
            Started = earlier?.Started ?? started,
            Minutes = minutes + (earlier?.Minutes ?? 0),
            Machine = earlier?.Machine ?? machine,
            Commit = earlier?.Commit ?? Machine.Commit(repository),
            IsQuick = line.Quick,
            Missing = _missing,
            Results = [.. Catalogue.All.SelectMany(scenario => ServerKinds.All.SelectMany(kind => _results.Where(result => Is(result, scenario, kind))))],
        };
    }

    private static bool Is(Result result, Scenario scenario, ServerKind kind) => result.Scenario == scenario.Name && result.Server == kind.Name;

    private static bool IsSound(Result result) => result is { IsDisturbed: false, Failure: null };

    private bool IsWanted(Scenario scenario, ServerKind kind) =>
        scenario.Servers.Contains(kind.Name)
        && (line.Only.Count == 0 || line.Only.Contains(scenario.Name))
        && !_results.Any(result => Is(result, scenario, kind));

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
        for (var again = 0; again < line.Retries && best.IsDisturbed; again++)
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
