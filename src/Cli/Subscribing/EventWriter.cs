using System.Globalization;
using System.Text.Json;
using Fanout.Cli.Commands;
using Fanout.Cli.Output;
using Fanout.Client;
using Fanout.Shared.Protocol;

namespace Fanout.Cli.Subscribing;

/// <summary>Writes what comes: coloured lines for people, tab-separated values or JSON lines for programs. Thread-safe.</summary>
internal sealed class EventWriter(Terminal terminal, TimeProvider time, bool severalRooms)
{
    private const string Dim = "\u001b[2m";
    private const string Cyan = "\u001b[36m";
    private const string Off = "\u001b[0m";

    private readonly Lock _gate = new();

    public void Message(FanoutMessage<FanoutPayload> message)
    {
        lock (_gate)
        {
            if (terminal.Json)
                terminal.DocumentLine(writer => WriteJson(writer, message));
            else if (terminal.IsInteractive)
                terminal.Line(Line(message));
            else
                Values(MessageTypes.Message, message.Room, message.Offset, message.Timestamp, message.Id, SenderOf(message), message.Payload.ToString());
            terminal.Flush();
        }
    }

    public void Presence(string room, FanoutPresenceChange change)
    {
        var type = change.HasJoined ? MessageTypes.PresenceJoin : MessageTypes.PresenceLeave;
        var (member, now) = (change.Member, time.GetUtcNow());
        lock (_gate)
        {
            if (terminal.Json)
                terminal.DocumentLine(writer => WriteJson(writer, type, room, payload => WriteMember(payload, member)));
            else if (terminal.IsInteractive)
                terminal.Line($"{Paint(Dim, Clock(now))}  {RoomText(room)}{Paint(Dim, $"{(change.HasJoined ? "+" : "-")} {Plain.Of(member.UserId ?? member.ClientId)} {(change.HasJoined ? "came" : "went")}")}");
            else
                Values(type, room, null, now, member.ClientId, member.UserId, member.Info.IsAbsent ? "" : member.Info.ToString());
            terminal.Flush();
        }
    }

    public void Joined(FanoutJoined joined)
    {
        lock (_gate)
        {
            if (terminal.Json)
            {
                terminal.DocumentLine(writer => WriteJson(writer, MessageTypes.Joined, joined.Room, payload =>
                {
                    WritePosition(payload, joined.Position);
                    payload.WriteBoolean("recovered", joined.Recovered);
                    payload.WriteNumber("count", joined.Count);
                }));
                terminal.Flush();
                return;
            }

            var others = joined.Count - 1;
            var position = joined.Position is { } at ? string.Create(CultureInfo.InvariantCulture, $", at {at.Epoch};{at.Offset}") : "";
            if (joined.IsFirst)
                Remark($"in {joined.Room} with {(others == 1 ? "1 other" : $"{others} others")}{position}");
            else
                Remark($"back in {joined.Room}{(joined.Recovered ? ", nothing was missed" : "")}");
        }
    }

    public void Reset(FanoutReset reset)
    {
        lock (_gate)
        {
            if (terminal.Json)
                terminal.DocumentLine(writer => WriteJson(writer, MessageTypes.Reset, reset.Room, payload => WritePosition(payload, reset.Position)));
            else if (!terminal.IsInteractive)
                Values(MessageTypes.Reset, reset.Room, reset.Position?.Offset, time.GetUtcNow(), null, null, null);
            // Whoever reads the table learns it too, wherever the messages go.
            if (!terminal.Json)
                Warn($"messages of {reset.Room} may have been missed");
            terminal.Flush();
        }
    }

    /// <summary>A remark on the connection, for people alone.</summary>
    public void Status(string text)
    {
        lock (_gate)
            Remark(text);
    }

    private void Remark(string text) => terminal.Remark(terminal.UseErrorColor ? $"{Dim}-- {Plain.Of(text)}{Off}" : "-- " + Plain.Of(text));

    private void Warn(string text)
    {
        terminal.Flush();
        terminal.Error.WriteLine("fanout: " + Plain.Of(text));
    }

    private string Line(FanoutMessage<FanoutPayload> message)
    {
        var offset = message.Offset is { } number ? Paint(Dim, string.Create(CultureInfo.InvariantCulture, $"#{number}")) + "  " : "";
        var sender = SenderOf(message) is { } from ? Plain.Of(from) + "  " : "";
        return $"{Paint(Dim, Clock(message.Timestamp))}  {RoomText(message.Room)}{offset}{sender}{Plain.Of(message.Payload.ToString())}";
    }

    private string RoomText(string room) => severalRooms ? Paint(Cyan, room) + "  " : "";

    private string Paint(string style, string text) => terminal.UseColor ? style + text + Off : text;

    private string Clock(DateTimeOffset moment) => MessageCells.Time(moment.ToUnixTimeMilliseconds(), time).Text;

    private void Values(string type, string room, long? offset, DateTimeOffset at, string? id, string? from, string? payload) => terminal.Values(
        type, room, offset?.ToString(CultureInfo.InvariantCulture), at.ToUnixTimeMilliseconds().ToString(CultureInfo.InvariantCulture), id, from, payload);

    private static string? SenderOf(FanoutMessage<FanoutPayload> message) => message.From?.UserId ?? message.From?.ClientId;

    // As on the wire (docs/protocol.md, section 5), with the epoch, so that each line holds a position to go on from.
    private static void WriteJson(Utf8JsonWriter writer, FanoutMessage<FanoutPayload> message)
    {
        writer.WriteStartObject();
        writer.WriteString("type", MessageTypes.Message);
        writer.WriteString("room", message.Room);
        writer.WriteString("id", message.Id);
        if (message.Offset is { } offset)
            writer.WriteNumber("offset", offset);
        if (message.Position is { } position)
            writer.WriteString("epoch", position.Epoch);
        writer.WriteNumber("timestamp", message.Timestamp.ToUnixTimeMilliseconds());
        if (message.From is { } from)
        {
            writer.WriteStartObject("from");
            writer.WriteString("clientId", from.ClientId);
            if (from.UserId is { } user)
                writer.WriteString("userId", user);
            writer.WriteEndObject();
        }

        writer.WritePropertyName("payload");
        writer.WriteRawValue(message.Payload.ToString());
        writer.WriteEndObject();
    }

    private static void WriteJson(Utf8JsonWriter writer, string type, string room, Action<Utf8JsonWriter> payload)
    {
        writer.WriteStartObject();
        writer.WriteString("type", type);
        writer.WriteString("room", room);
        writer.WriteStartObject("payload");
        payload(writer);
        writer.WriteEndObject();
        writer.WriteEndObject();
    }

    private static void WriteMember(Utf8JsonWriter writer, FanoutMember member)
    {
        writer.WriteString("clientId", member.ClientId);
        if (member.UserId is { } user)
            writer.WriteString("userId", user);
        if (member.Info.IsAbsent)
            return;
        writer.WritePropertyName("info");
        writer.WriteRawValue(member.Info.ToString());
    }

    private static void WritePosition(Utf8JsonWriter writer, FanoutPosition? position)
    {
        if (position is not { } at)
            return;
        writer.WriteString("epoch", at.Epoch);
        writer.WriteNumber("offset", at.Offset);
    }
}
