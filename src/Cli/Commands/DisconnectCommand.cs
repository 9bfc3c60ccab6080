using System.CommandLine;
using System.Text.Json;
using Fanout.Cli.Http;
using Fanout.Cli.Output;
using Fanout.Cli.Running;

namespace Fanout.Cli.Commands;

/// <summary><c>fanout disconnect</c>: closes a connection, or all of a user's, wherever they are.</summary>
internal static class DisconnectCommand
{
    public static Command Create(Tool tool)
    {
        var connection = new Argument<string?>("client") { Description = "A connection's client id, as `members` and `users` show it", Arity = ArgumentArity.ZeroOrOne };
        var user = new Option<string?>("--user") { Description = "All connections of this user", HelpName = "user" };
        var revokeFor = new Option<TimeSpan?>("--revoke-for")
        {
            Description = "With --user: keep the user out for so long, up to 366d [Fanout:Auth:RevokeFor of the nodes]",
            HelpName = "duration",
            CustomParser = Durations.Parse,
        };
        var lift = new Option<bool>("--lift") { Description = "With --user: let the user in again, and disconnect nobody" };
        var command = new Command("disconnect", "Close a connection or all of a user's with 4503, on whatever node") { connection, user, revokeFor, lift }
            .WithExamples("disconnect qt2mkx21zqztm65xqrfs", "disconnect --user ann", "disconnect --user ann --revoke-for 10m", "disconnect --user ann --lift");

        return tool.With(command, async run =>
        {
            var (client, name) = (run.Get(connection), run.Get(user));
            if (client is null == name is null)
                throw CliException.Usage("Name either a connection, or a user with --user.", "`fanout disconnect --help` has examples.");
            if (name is null && (run.Has(revokeFor) || run.Get(lift)))
                throw CliException.Usage("--revoke-for and --lift go with --user.");
            if (run.Has(revokeFor) && run.Get(lift))
                throw CliException.Usage("--lift lets a user in, --revoke-for keeps it out: take one.");
            if (run.Get(lift))
                return await LiftAsync(run, name!);
            var path = name is null
                ? $"/api/v1/connections/{Uri.EscapeDataString(client!)}"
                : FanoutApi.Query(FanoutApi.User(name) + "/connections", ("revokeFor", run.Get(revokeFor) is { } duration ? Durations.ToWire(duration) : null));
            return Tell(run, await run.Api.DeleteAsync(path, run.Stopped));
        });
    }

    private static async Task<int> LiftAsync(Run run, string user)
    {
        await run.Api.DeleteAsync(FanoutApi.User(user) + "/revocation", run.Stopped);
        if (run.Terminal.Json)
            run.Terminal.Document(writer => WriteLifted(writer, user));
        else
            run.Terminal.Line($"{Plain.Of(user)} may come in");
        return ExitCode.Ok;
    }

    private static int Tell(Run run, JsonElement answer)
    {
        if (run.Terminal.Json)
        {
            run.Terminal.Document(answer);
        }
        else
        {
            var count = answer.Number("connections") ?? 0;
            if (run.Terminal.IsInteractive)
                run.Terminal.Line(count == 1 ? "1 connection closed" : $"{count} connections closed");
            else
                run.Terminal.Values(answer.Text("connections"), answer.Text("complete"));
        }

        if (answer.Flag("complete"))
            return ExitCode.Ok;
        // The revocation is kept in Redis, so that a node that comes back closes them; an order alone is heard at most once.
        run.Terminal.Remark("Not every node has answered: connections on those may live on. Look with `fanout nodes`, and try again.");
        return ExitCode.TryLater;
    }

    private static void WriteLifted(Utf8JsonWriter writer, string user)
    {
        writer.WriteStartObject();
        writer.WriteString("user", user);
        writer.WriteBoolean("revoked", false);
        writer.WriteEndObject();
    }
}
