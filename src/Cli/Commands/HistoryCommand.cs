using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Fanout.Cli.Http;
using Fanout.Cli.Output;
using Fanout.Cli.Running;

namespace Fanout.Cli.Commands;

/// <summary><c>fanout history</c>: the messages that a room keeps, oldest first.</summary>
internal static class HistoryCommand
{
    public static Command Create(Tool tool)
    {
        var room = new Argument<string>("room") { Description = "The room" };
        var last = new Option<int?>("--last") { Description = "Only the newest n messages", HelpName = "n" };
        var paging = new Paging();
        var command = new Command("history", "Show the messages that a room keeps, oldest first") { room, last };
        paging.AddTo(command);
        last.Validators.Add(result =>
        {
            if (result.Tokens is [var token] && (!int.TryParse(token.Value, NumberStyles.None, CultureInfo.InvariantCulture, out var n) || n == 0))
                result.AddError("--last must be a number from 1 on.");
        });
        command.WithExamples("history chat.42", "history chat.42 --last 10", "history chat.42 --after '04b019c94f8fa74adf3c67604fe6c31f;17'", "history chat.42 --all --json | jq -c '.items[].payload'");

        return tool.With(command, async run =>
        {
            var path = FanoutApi.Room(run.Get(room)!);
            var from = run.Get(last) is { } count ? await BeforeTheLastAsync(run, path, count) : null;
            var listing = new Listing(
                new Column("offset", Right: true), new Column("time", Fixed: true), new Column("id", Fixed: true), new Column("from", Fixed: true), new Column("payload"));
            var shown = await paging.WriteAsync(
                run,
                (after, limit) => FanoutApi.Query(path + "/history", ("after", after ?? from), ("limit", limit)),
                listing,
                item => listing.Add(MessageCells.Of(item, run.Time)));
            if (shown == 0)
                run.Terminal.Remark("The room keeps no messages.");
            return ExitCode.Ok;
        });
    }

    // The position behind which the newest ones are; null for all, and for a room without history.
    private static async Task<string?> BeforeTheLastAsync(Run run, string path, int count)
    {
        var details = await run.Api.GetAsync(path, run.Stopped);
        return details.Text("epoch") is { } epoch && details.Number("offset") is { } offset
            ? string.Create(CultureInfo.InvariantCulture, $"{epoch};{Math.Max(0, offset - count)}")
            : null;
    }
}

/// <summary>A message as a row: offset, time, id, sender, payload.</summary>
internal static class MessageCells
{
    public static Cell[] Of(JsonElement message, TimeProvider time)
    {
        var from = message.Field("from");
        return
        [
            message.Text("offset"),
            Time(message.Number("timestamp"), time),
            new Cell(message.Text("id") ?? "", Tone: Tone.Dim),
            new Cell(from.Text("userId") ?? from.Text("clientId") ?? ""),
            message.Raw("payload"),
        ];
    }

    public static Cell Time(long? timestamp, TimeProvider time) => timestamp is { } milliseconds
        ? new Cell(
            milliseconds.ToString(CultureInfo.InvariantCulture),
            TimeZoneInfo.ConvertTime(DateTimeOffset.FromUnixTimeMilliseconds(milliseconds), time.LocalTimeZone).ToString("HH:mm:ss.fff", CultureInfo.InvariantCulture),
            Tone.Dim)
        : new Cell("");
}
