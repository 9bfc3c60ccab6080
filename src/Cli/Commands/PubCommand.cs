using System.CommandLine;
using System.Text.Json;
using Fanout.Cli.Http;
using Fanout.Cli.Publishing;
using Fanout.Cli.Running;

namespace Fanout.Cli.Commands;

/// <summary><c>fanout pub</c>: one message, the same one many times, or a stream of them.</summary>
internal sealed class PubCommand
{
    private readonly Argument<string?> _room = new("room") { Description = "The room; not with --user. With --ndjson it may be left out: then each line names its own", Arity = ArgumentArity.ZeroOrOne };
    private readonly Argument<string?> _payload = new("payload") { Description = "The payload, any JSON. Else from --file, else from standard input; - means standard input", Arity = ArgumentArity.ZeroOrOne };
    private readonly Option<string?> _user = new("--user", "-u") { Description = "Push to all connections of this user", HelpName = "user" };
    private readonly Option<string?> _file = new("--file", "-f") { Description = "Read from this file; - means standard input", HelpName = "path" };
    private readonly Option<bool> _text = new("--text", "-t") { Description = "The payload is plain text, to be sent as a JSON string" };
    private readonly Option<bool> _ndjson = new("--ndjson") { Description = "A message a line, sent in batches as they come: payloads, or, without a room, objects {room or user, payload, key?, exclude?}" };
    private readonly Option<int> _batch = new("--batch") { Description = "Messages of a batch, up to 1000", HelpName = "n", DefaultValueFactory = _ => 500 };
    private readonly Option<string?> _key = new("--key", "-k") { Description = "Idempotency key: repeated within 15 minutes, the message is sent once. With --ndjson or --count, '-' and the line's number are added", HelpName = "key" };
    private readonly Option<string?> _exclude = new("--exclude", "-x") { Description = "A connection that does not get it", HelpName = "client" };
    private readonly Option<int> _count = new("--count", "-n") { Description = "Publish it so many times", HelpName = "n", DefaultValueFactory = _ => 1 };

    public static Command Create(Tool tool)
    {
        var pub = new PubCommand();
        var command = new Command("pub", "Publish to a room or push to a user")
        {
            pub._room, pub._payload, pub._user, pub._file, pub._text, pub._ndjson, pub._batch, pub._key, pub._exclude, pub._count,
        }.WithExamples(
            """pub chat.42 '{"text":"hello"}'""",
            """pub chat.42 --text hello""",
            """pub --user ann '{"bell":3}'""",
            "pub chat.42 --file message.json --key order-17",
            "pub chat.42 --ndjson < payloads.ndjson",
            """pub chat.42 '{"tick":1}' --count 1000""");
        pub._batch.Validators.Add(result => Numbers.MustBe(result, 1, BatchSender.MostItems));
        pub._count.Validators.Add(result => Numbers.MustBe(result, 1, int.MaxValue));
        return tool.With(command, pub.RunAsync);
    }

    private async Task<int> RunAsync(Run run)
    {
        var (room, argument) = TargetOf(run);
        var source = new PayloadSource(argument, run.Get(_file), run.Get(_text), run.Stopped);
        if (run.Get(_ndjson))
        {
            if (argument is not null and not "-" || run.Has(_count))
                throw CliException.Usage("--ndjson takes its messages from a file or standard input, once: no payload and no --count beside it.");
            if (room is null && run.Get(_user) is null && (run.Has(_key) || run.Has(_exclude)))
                throw CliException.Usage("Without a room each line has its own 'key' and 'exclude'.");
            await using var lines = source.OpenLines();
            return await SendAsync(run, new BatchItems(room, run.Get(_user), run.Get(_key), run.Get(_exclude), run.Get(_text)).OfLines(lines.ReadAsync()));
        }

        if (room is null && run.Get(_user) is null)
            throw CliException.Usage("Where to? Name a room, or a user with --user.", "`fanout pub --help` has examples.");
        var payload = await source.ReadAsync();
        return run.Get(_count) == 1
            ? await SendOneAsync(run, room, payload)
            : await SendAsync(run, new BatchItems(room, run.Get(_user), run.Get(_key), run.Get(_exclude), Text: false).Copies(payload, run.Get(_count)));
    }

    // With --user the first argument is the payload.
    private (string? Room, string? Payload) TargetOf(Run run)
    {
        var (first, second) = (run.Get(_room), run.Get(_payload));
        if (run.Get(_user) is null)
            return (first, second);
        return second is null
            ? (null, first)
            : throw CliException.Usage("Take a room or --user, not both.", "If the room was meant as payload: quote it.");
    }

    private async Task<int> SendOneAsync(Run run, string? room, ReadOnlyMemory<byte> payload)
    {
        var target = room is null ? FanoutApi.User(run.Get(_user)!) : FanoutApi.Room(room);
        var answer = await run.Api.PostAsync(
            target + "/messages", payload, run.Stopped, ("Idempotency-Key", run.Get(_key)), ("Fanout-Exclude", run.Get(_exclude)));
        if (run.Terminal.Json)
            run.Terminal.Document(answer);
        else if (run.Terminal.IsInteractive)
            run.Terminal.Line(Summary(answer));
        else
            run.Terminal.Values(answer.Text("id"), answer.Text("offset"), answer.Text("epoch"), answer.Text("nodes"));
        return ExitCode.Ok;
    }

    private static string Summary(JsonElement answer)
    {
        var nodes = answer.Number("nodes") ?? 0;
        var text = $"published {answer.Text("id")}";
        if (answer.Text("offset") is { } offset)
            text += $", offset {offset}";
        if (answer.Field("online") is { ValueKind: JsonValueKind.True or JsonValueKind.False })
            text += answer.Flag("online") ? ", the user is online" : ", the user is not online";
        else
            text += nodes switch { 0 => ", no node has members", 1 => ", heard by 1 node", _ => $", heard by {nodes} nodes" };
        return text;
    }

    private async Task<int> SendAsync(Run run, IAsyncEnumerable<BatchItem> items)
    {
        var sender = new BatchSender(run.Api, run.Time, run.Get(_batch));
        try
        {
            await sender.SendAsync(items, run.Stopped);
        }
        catch (CliException e) when (sender.Published + sender.Refused > 0)
        {
            throw new CliException(e.ExitCode, $"{e.Message} Published before that: {sender.Published}, up to line {sender.LastLine}.", e.Hint, e) { Code = e.Code, Status = e.Status };
        }

        BatchReport.Write(run.Terminal, sender);
        return sender.Refused == 0 ? ExitCode.Ok : ExitCode.Failed;
    }
}
