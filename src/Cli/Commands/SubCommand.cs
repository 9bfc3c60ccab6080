using System.CommandLine;
using Fanout.Cli.Http;
using Fanout.Cli.Running;
using Fanout.Cli.Subscribing;
using Fanout.Cli.Tokens;
using Fanout.Shared.Rooms;

namespace Fanout.Cli.Commands;

/// <summary><c>fanout sub</c>: listens to rooms, live, and over reconnects.</summary>
internal static class SubCommand
{
    public static Command Create(Tool tool)
    {
        var rooms = new Argument<string[]>("room") { Description = "Rooms, each perhaps with a position: 'room;epoch;offset'. None: what is pushed to your own user", Arity = ArgumentArity.ZeroOrMore };
        var since = new Option<string?>("--since", "-s") { Description = "Begin with kept messages: last:n, or behind epoch;offset", HelpName = "last:n|epoch;offset" };
        var presence = new Option<bool>("--presence", "-p") { Description = "Show who comes and goes (the token must allow it, and the room must keep presence)" };
        var count = new Option<int?>("--count", "-n") { Description = "End after so many messages", HelpName = "n" };
        var command = new Command("sub", "Listen to rooms; comes back by itself when the connection is lost") { rooms, since, presence, count }
            .WithExamples(
                "sub chat.42",
                "sub chat.42 chat.43 --since last:20 --presence",
                "sub chat.42 --count 1 --timeout 30s   (wait for one message, or fail)",
                "sub chat.42 --json | jq -c .payload",
                "sub --token \"$TOKEN\"                  (what is pushed to this user)");
        count.Validators.Add(result => Numbers.MustBe(result, 1, int.MaxValue));

        return tool.With(command, async run =>
        {
            var names = run.Get(rooms) ?? [];
            if (names.Length == 0)
                names = [OwnRoom(run.Settings.Token)];
            var wanted = names.Select(name => SubscribedRoom.Parse(name, run.Get(since), names.Length == 1)).ToList();
            if (wanted.GroupBy(room => room.Name).FirstOrDefault(group => group.Count() > 1) is { } twice)
                throw CliException.Usage($"'{twice.Key}' is named twice.");
            var writer = new EventWriter(run.Terminal, run.Time, wanted.Count > 1);
            await using var subscription = new Subscription(run, writer, run.Get(count));
            return await subscription.ListenAsync(wanted, run.Get(presence));
        });
    }

    // Known before there is a connection, so that nothing which is pushed right behind it is missed.
    private static string OwnRoom(string? token)
    {
        if (token is null)
            throw CliException.Usage("Which room? Without one a token is needed, to listen to its user.", "`fanout sub --help` has examples.");
        return DecodedToken.Parse(token.Trim())?.Claims.Text("sub") is { } user && UserRoom.TryNameFor(user) is { } room
            ? room
            : throw CliException.Usage("The token is no JSON web token with a user ('sub').", "`fanout token --decode` looks into it.");
    }
}
