using System.CommandLine;
using System.Globalization;
using Fanout.Cli.Bench;
using Fanout.Cli.Running;
using Fanout.Shared.Rooms;

namespace Fanout.Cli.Commands;

/// <summary><c>fanout bench</c>: a load on a running Fanout, and what it made of it.</summary>
internal sealed class BenchCommand
{
    private readonly Option<int> _connections = new("--connections", "-c") { Description = "Members in all, spread over the rooms", HelpName = "n", DefaultValueFactory = _ => 100 };
    private readonly Option<int> _rooms = new("--rooms", "-r") { Description = "Rooms", HelpName = "n", DefaultValueFactory = _ => 1 };
    private readonly Option<double> _rate = new("--rate") { Description = "Messages a second, over all rooms; 0: as fast as they arrive", HelpName = "n", DefaultValueFactory = _ => 20 };
    private readonly Option<int> _inFlight = new("--in-flight") { Description = "With --rate 0: messages on their way at a time", HelpName = "n", DefaultValueFactory = _ => 32 };
    private readonly Option<int> _size = new("--size") { Description = "Bytes of a payload", HelpName = "bytes", DefaultValueFactory = _ => 128 };
    private readonly Option<TimeSpan?> _duration = new("--duration", "-d") { Description = "How long to measure [10s]", HelpName = "duration", CustomParser = Durations.Parse };
    private readonly Option<TimeSpan?> _warmUp = new("--warm-up") { Description = "How long to publish before that [1s]", HelpName = "duration", CustomParser = Durations.Parse };
    private readonly Option<bool> _http = new("--http") { Description = "Publish by the HTTP API instead of sockets" };
    private readonly Option<string?> _prefix = new("--room-prefix") { Description = "Rooms are called prefix.0, prefix.1, … [bench and a random number]", HelpName = "text" };

    public static Command Create(Tool tool)
    {
        var bench = new BenchCommand();
        var command = new Command("bench", "Put load on a Fanout, and measure deliveries, latency and losses")
        {
            bench._connections, bench._rooms, bench._rate, bench._inFlight, bench._size, bench._duration, bench._warmUp, bench._http, bench._prefix,
        }.WithExamples(
            "bench",
            "bench --connections 1000 --rooms 10 --rate 200 --size 256 --duration 30s",
            "bench --rate 0 --in-flight 32 --http --json",
            "bench --token \"$(fanout token --sub bench --join 'bench*' --publish 'bench*')\"");
        bench._connections.Validators.Add(result => Numbers.MustBe(result, 1, 60_000));
        bench._rooms.Validators.Add(result => Numbers.MustBe(result, 1, 60_000));
        bench._inFlight.Validators.Add(result => Numbers.MustBe(result, 1, 100_000));
        bench._size.Validators.Add(result => Numbers.MustBe(result, Stamp.Length, 64 * 1024 * 1024));
        bench._rate.Validators.Add(result =>
        {
            if (result.Tokens is [var token] && (!double.TryParse(token.Value, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var rate) || rate > 1_000_000))
                result.AddError("--rate must be 0 to 1000000.");
        });
        return tool.With(command, bench.RunAsync);
    }

    private async Task<int> RunAsync(Run run)
    {
        var prefix = run.Get(_prefix) ?? $"bench.{Random.Shared.Next(100_000, 1_000_000).ToString(CultureInfo.InvariantCulture)}";
        var plan = new BenchPlan(
            run.Get(_connections), run.Get(_rooms), run.Get(_rate), run.Get(_inFlight), run.Get(_size),
            run.Get(_warmUp) ?? TimeSpan.FromSeconds(1), run.Get(_duration) ?? TimeSpan.FromSeconds(10), run.Get(_http), prefix);
        if (plan.Rooms > plan.Connections)
            throw CliException.Usage("More rooms than connections: some would have no member.");
        if (plan.Duration == TimeSpan.Zero)
            throw CliException.Usage("--duration must be longer than 0.");
        if (run.Has(_inFlight) && plan.Rate > 0)
            throw CliException.Usage("--in-flight goes with --rate 0.");
        if (!RoomName.IsValid(plan.RoomName(plan.Rooms - 1)) || RoomName.IsServiceRoom(prefix))
            throw CliException.Usage($"--room-prefix: '{prefix}' makes no room names.");
        using var bench = new BenchRun(run, plan);
        var result = await bench.ExecuteAsync();
        result.Write(run.Terminal);
        return result.IsClean ? ExitCode.Ok : ExitCode.Failed;
    }
}
