using System.Buffers;
using System.Text.Json;
using Fanout.Node.Backplane;
using Fanout.Shared.Rooms;

namespace Fanout.Node.Webhooks;

/// <summary>The events, and how each of them is written.</summary>
internal static class WebhookEvents
{
    public const string RoomOccupied = "room.occupied";
    public const string RoomVacated = "room.vacated";
    public const string MemberJoined = "member.joined";
    public const string MemberLeft = "member.left";
    public const string UserOnline = "user.online";
    public const string UserOffline = "user.offline";

    public static readonly string[] All = [RoomOccupied, RoomVacated, MemberJoined, MemberLeft, UserOnline, UserOffline];

    /// <summary>What it is called that a room got its first member, or lost its last one. A user is online while in its own room.</summary>
    public static string OfOccupancy(string room, bool isOccupied) => RoomName.IsUserRoom(room)
        ? isOccupied ? UserOnline : UserOffline
        : isOccupied ? RoomOccupied : RoomVacated;

    /// <summary>A room, or a user, changed.</summary>
    public static byte[] WriteOccupancy(string type, string room, DateTimeOffset at) => Write(type, at, writer =>
    {
        if (UserRoom.TryUserOf(room) is { } user)
            writer.WriteString("userId"u8, user);
        else
            writer.WriteString("room"u8, room);
    });

    /// <summary>
    /// A lost connection leaves, for another one of its user has taken its place: all but its client id, which stands between the two parts, and
    /// its info and the end, which stand behind them.
    /// </summary>
    public static (byte[] Head, byte[] Tail) WriteReplaced(string room, string user, string by, DateTimeOffset at)
    {
        // No id of a connection has a quotation mark, nor has any other text outside of its own once it is escaped.
        var whole = WriteMember(MemberLeft, room, new RoomMember("", "", user, null, null), at, by).AsSpan();
        var cut = whole.IndexOf("\"clientId\":\""u8) + "\"clientId\":\""u8.Length;
        return (whole[..cut].ToArray(), whole[cut..^1].ToArray());
    }

    /// <summary>A member came or went.</summary>
    /// <param name="replaces">The connection whose place it took, where it came; the one that took its place, where it went.</param>
    public static byte[] WriteMember(string type, string room, RoomMember member, DateTimeOffset at, string? replaces = null) => Write(type, at, writer =>
    {
        writer.WriteString("room"u8, room);
        writer.WriteString("clientId"u8, member.ClientId);
        if (member.UserId is not null)
            writer.WriteString("userId"u8, member.UserId);
        if (member.Info is { } info)
        {
            writer.WritePropertyName("info"u8);
            writer.WriteRawValue(info.Bytes.Span, skipInputValidation: true);
        }

        if (replaces is not null)
            writer.WriteString(type == MemberJoined ? "replaces"u8 : "replacedBy"u8, replaces);
    });

    /// <summary>The body of a request: <c>{"events": […]}</c>.</summary>
    public static ReadOnlyMemory<byte> WriteBatch(IReadOnlyList<QueuedEvent> events)
    {
        var buffer = new ArrayBufferWriter<byte>(events.Sum(item => item.Json.Length + 1) + 16);
        buffer.Write("{\"events\":["u8);
        for (var i = 0; i < events.Count; i++)
        {
            if (i > 0)
                buffer.Write(","u8);
            buffer.Write(events[i].Json.Span);
        }

        buffer.Write("]}"u8);
        return buffer.WrittenMemory;
    }

    // The id is made here, once; whatever is sent of the event later has the same.
    private static byte[] Write(string type, DateTimeOffset at, Action<Utf8JsonWriter> fields)
    {
        var buffer = new ArrayBufferWriter<byte>(192);
        using (var writer = new Utf8JsonWriter(buffer))
        {
            writer.WriteStartObject();
            writer.WriteString("id"u8, Guid.CreateVersion7(at));
            writer.WriteString("type"u8, type);
            writer.WriteNumber("timestamp"u8, at.ToUnixTimeMilliseconds());
            fields(writer);
            writer.WriteEndObject();
        }

        return buffer.WrittenSpan.ToArray();
    }
}
