using System.CommandLine;
using Fanout.Cli.Http;
using Fanout.Cli.Output;
using Fanout.Cli.Running;

namespace Fanout.Cli.Commands;

/// <summary><c>fanout members</c>: the connections in a room.</summary>
internal static class MembersCommand
{
    public static Command Create(Tool tool)
    {
        var room = new Argument<string>("room") { Description = "The room" };
        var paging = new Paging();
        var command = new Command("members", "List the connections that are in a room") { room };
        paging.AddTo(command);
        command.WithExamples("members chat.42", "members chat.42 --all --json | jq -r '.items[].userId' | sort -u");

        return tool.With(command, async run =>
        {
            var listing = new Listing(new Column("client", Fixed: true), new Column("user", Fixed: true), new Column("info"));
            var count = await paging.WriteAsync(
                run,
                (after, limit) => FanoutApi.Query(FanoutApi.Room(run.Get(room)!) + "/members", ("after", after), ("limit", limit)),
                listing,
                item => listing.Add(item.Text("clientId"), item.Text("userId"), item.Raw("info")));
            if (count == 0)
                run.Terminal.Remark("Nobody is in that room.");
            return ExitCode.Ok;
        });
    }
}
