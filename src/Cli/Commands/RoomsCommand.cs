using System.CommandLine;
using Fanout.Cli.Http;
using Fanout.Cli.Output;
using Fanout.Cli.Running;

namespace Fanout.Cli.Commands;

/// <summary><c>fanout rooms</c>: who is where, by room.</summary>
internal static class RoomsCommand
{
    public static Command Create(Tool tool)
    {
        var room = new Argument<string?>("room") { Description = "One room, with its users and its position", Arity = ArgumentArity.ZeroOrOne };
        var prefix = new Option<string?>("--prefix") { Description = "Rooms whose names begin so", HelpName = "text" };
        var paging = new Paging();
        var command = new Command("rooms", "List the rooms that have members, or look at one") { room, prefix };
        paging.AddTo(command);
        command.WithExamples("rooms", "rooms --prefix chat.", "rooms chat.42", "rooms --all --json | jq -r '.items[].room'");

        return tool.With(command, async run =>
        {
            if (run.Get(room) is { } name)
            {
                await ShowAsync(run, name);
                return ExitCode.Ok;
            }

            var listing = new Listing(new Column("room", Fixed: true), new Column("members", Right: true));
            var count = await paging.WriteAsync(
                run,
                (after, limit) => FanoutApi.Query("/api/v1/rooms", ("prefix", run.Get(prefix)), ("after", after), ("limit", limit)),
                listing,
                item => listing.Add(item.Text("room"), Cell.Number(item.Number("members") ?? 0)));
            if (count == 0)
                run.Terminal.Remark(run.Get(prefix) is { } text ? $"No room that begins with '{Plain.Of(text)}' has members." : "No room has members.");
            return ExitCode.Ok;
        });
    }

    private static async Task ShowAsync(Run run, string room)
    {
        var details = await run.Api.GetAsync(FanoutApi.Room(room), run.Stopped);
        if (run.Terminal.Json)
        {
            run.Terminal.Document(details);
            return;
        }

        var properties = new Properties();
        properties.Add("room", details.Text("room"));
        properties.Add("members", Cell.Number(details.Number("members") ?? 0));
        properties.Add("users", Cell.Number(details.Number("users") ?? 0));
        properties.Add("epoch", details.Text("epoch") ?? new Cell("", "none: the room keeps no history", Tone.Dim));
        if (details.Number("offset") is { } offset)
            properties.Add("offset", Cell.Number(offset));
        properties.Write(run.Terminal);
    }
}
