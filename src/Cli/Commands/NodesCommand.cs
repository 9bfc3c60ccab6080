using System.CommandLine;
using System.Text.Json;
using Fanout.Cli.Http;
using Fanout.Cli.Output;
using Fanout.Cli.Running;

namespace Fanout.Cli.Commands;

/// <summary><c>fanout nodes</c>: the nodes of the installation, once or live.</summary>
internal static class NodesCommand
{
    public static Command Create(Tool tool)
    {
        var watch = new Option<bool>("--watch", "-w") { Description = "Go on until Ctrl+C: a live table, or a line for each node and look when piped" };
        var interval = new Option<TimeSpan?>("--interval") { Description = "How often to look [2s]", HelpName = "duration", CustomParser = Durations.Parse };
        var command = new Command("nodes", "List the nodes, with their load and their word on the backplane") { watch, interval }
            .WithExamples("nodes", "nodes --watch", "nodes --json | jq '[.items[].connections] | add'");

        return tool.With(command, async run =>
        {
            if (run.Get(watch))
            {
                var pause = run.Get(interval) ?? TimeSpan.FromSeconds(2);
                await new NodesWatch(run, pause < MinInterval ? MinInterval : pause).RunAsync();
                return ExitCode.Ok;
            }

            if (run.Has(interval))
                throw CliException.Usage("--interval goes with --watch.");
            var nodes = await ReadAsync(run);
            if (run.Terminal.Json)
                run.Terminal.Document(nodes);
            else
                ToListing(nodes, run.Time.GetUtcNow()).Write(run.Terminal);
            return ExitCode.Ok;
        });
    }

    // Faster shows nothing more: a node's own figures in Redis are renewed with its lease.
    private static readonly TimeSpan MinInterval = TimeSpan.FromMilliseconds(100);

    public static Task<JsonElement> ReadAsync(Run run) => run.Api.GetAsync("/api/v1/nodes", run.Stopped);

    public static Listing ToListing(JsonElement nodes, DateTimeOffset now)
    {
        var listing = new Listing(
            new Column("name", Fixed: true), new Column("state", Fixed: true), new Column("connections", Right: true), new Column("rooms", Right: true),
            new Column("version", Fixed: true), new Column("started", Fixed: true), new Column("id", Fixed: true));
        foreach (var node in nodes.Items().OrderBy(node => node.Text("name"), StringComparer.Ordinal))
        {
            listing.Add(
                node.Text("name"),
                StateOf(node),
                Cell.Number(node.Number("connections") ?? 0),
                Cell.Number(node.Number("rooms") ?? 0),
                node.Text("version"),
                Cell.Ago(node.Text("started"), now),
                new Cell(node.Text("id") ?? "", Tone: Tone.Dim));
        }

        return listing;
    }

    private static Cell StateOf(JsonElement node)
    {
        if (node.Flag("draining"))
            return new Cell("draining", Tone: Tone.Warning);
        var backplane = node.Text("backplane") ?? "unknown";
        return new Cell(backplane, Tone: backplane == "healthy" ? Tone.Good : Tone.Bad);
    }
}
