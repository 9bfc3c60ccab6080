using System.CommandLine;
using Fanout.Cli.Http;
using Fanout.Cli.Output;
using Fanout.Cli.Running;

namespace Fanout.Cli.Commands;

/// <summary><c>fanout users</c>: whether somebody is there, and by which connections.</summary>
internal static class UsersCommand
{
    public static Command Create(Tool tool)
    {
        var user = new Argument<string>("user") { Description = "The user: the `sub` of its tokens" };
        var command = new Command("users", "Show whether a user is online, and its connections") { user }
            .WithExamples("users ann", "users ann --json | jq .online");

        return tool.With(command, async run =>
        {
            var found = await run.Api.GetAsync(FanoutApi.User(run.Get(user)!), run.Stopped);
            if (run.Terminal.Json)
            {
                run.Terminal.Document(found);
                return ExitCode.Ok;
            }

            var now = run.Time.GetUtcNow();
            var properties = new Properties();
            properties.Add("user", found.Text("user"));
            properties.Add("online", found.Flag("online") ? new Cell("true", "yes", Tone.Good) : new Cell("false", "no", Tone.Dim));
            if (found.Text("lastSeen") is { } seen)
                properties.Add("last seen", Cell.Ago(seen, now));
            properties.Write(run.Terminal);

            var listing = new Listing(new Column("client", Fixed: true), new Column("node", Fixed: true), new Column("since", Fixed: true));
            foreach (var connection in found.Items("connections"))
                listing.Add(connection.Text("clientId"), connection.Text("node"), Cell.Ago(connection.Text("since"), now));
            if (listing.Count > 0)
            {
                if (run.Terminal.IsInteractive)
                    run.Terminal.Line("");
                listing.Write(run.Terminal);
            }

            return ExitCode.Ok;
        });
    }
}
