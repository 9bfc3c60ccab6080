using System.Buffers.Binary;
using System.Diagnostics;
using System.Text;
using Fanout.Shared.Envelopes;
using Fanout.Shared.Protocol;

namespace Fanout.Node.Backplane;

/// <summary>A message as it travels and is stored, but for its place in the room, which the backplane gives.</summary>
/// <param name="From">Absent for a message that came by HTTP.</param>
/// <param name="ExcludedClientId">The connection that must not get it.</param>
internal sealed record StoredMessage(string Id, long Timestamp, Sender? From, string? ExcludedClientId, Payload Payload)
{
    /// <summary>The span that put it into the backplane; null unless it is sampled.</summary>
    public MessageTrace? Trace { get; init; }
}

/// <summary>A trace context that travels with a message. A class, so that a message without one has only room for null.</summary>
internal sealed record MessageTrace(ActivityContext Context);

/// <summary>
/// The bytes of a message between nodes: a short binary header, then the payload as its publisher sent it. Read once a node; the payload is
/// not looked at.
/// </summary>
/// <remarks>
/// Layout: version (1), flags (1), timestamp (8, big endian), id (1 + n), then, where flagged: client id (1 + n), user id (2 + n),
/// excluded client id (1 + n), extensions (1 + n); the payload is the rest. Extensions are a list of kind (1), length (1), value; a reader skips
/// kinds that it does not know, so that nodes of two versions can live side by side during a rolling deploy: what an old node can do
/// without is an extension. What it must not misread takes a flag or a new version number, and old nodes refuse the message.
/// Extension 1: trace context, 25 bytes: trace id (16), span id (8), flags (1); in sampled messages alone.
/// </remarks>
internal static class MessageCodec
{
    public const byte Version = 1;
    private const byte TraceExtension = 1;
    private const int TraceLength = 16 + 8 + 1;

    [Flags]
    private enum Fields : byte
    {
        None = 0,
        Client = 1,
        User = 2,
        Excluded = 4,
        MessagePack = 8,
        Extensions = 16,
        Known = Client | User | Excluded | MessagePack | Extensions,
    }

    public static byte[] Encode(StoredMessage message)
    {
        var fields = (message.From is null ? Fields.None : Fields.Client)
            | (message.From?.UserId is null ? Fields.None : Fields.User)
            | (message.ExcludedClientId is null ? Fields.None : Fields.Excluded)
            | (message.Payload.Format == WireFormat.MessagePack ? Fields.MessagePack : Fields.None)
            | (message.Trace is null ? Fields.None : Fields.Extensions);

        var userLength = message.From?.UserId is { } user ? Encoding.UTF8.GetByteCount(user) : 0;
        var length = 10
            + 1 + message.Id.Length
            + (message.From is null ? 0 : 1 + message.From.ClientId.Length)
            + (message.From?.UserId is null ? 0 : 2 + userLength)
            + (message.ExcludedClientId is null ? 0 : 1 + message.ExcludedClientId.Length)
            + (message.Trace is null ? 0 : 1 + 2 + TraceLength)
            + message.Payload.Bytes.Length;

        var bytes = GC.AllocateUninitializedArray<byte>(length);
        bytes[0] = Version;
        bytes[1] = (byte)fields;
        BinaryPrimitives.WriteInt64BigEndian(bytes.AsSpan(2), message.Timestamp);
        var rest = bytes.AsSpan(10);
        WriteAscii(ref rest, message.Id);
        if (message.From is { } from)
        {
            WriteAscii(ref rest, from.ClientId);
            if (from.UserId is not null)
            {
                BinaryPrimitives.WriteUInt16BigEndian(rest, checked((ushort)userLength));
                Encoding.UTF8.GetBytes(from.UserId, rest[2..]);
                rest = rest[(2 + userLength)..];
            }
        }

        if (message.ExcludedClientId is not null)
            WriteAscii(ref rest, message.ExcludedClientId);
        if (message.Trace is { } trace)
            WriteTrace(ref rest, trace.Context);
        message.Payload.Bytes.Span.CopyTo(rest);
        return bytes;
    }

    /// <summary>Reads a message; <see langword="false"/> for bytes that are none, or of a version that this node does not know.</summary>
    public static bool TryDecode(ReadOnlyMemory<byte> data, out StoredMessage message)
    {
        message = null!;
        var bytes = data.Span;
        if (bytes.Length < 11 || bytes[0] != Version)
            return false;
        var fields = (Fields)bytes[1];
        if ((fields & ~Fields.Known) != 0)
            return false;

        var timestamp = BinaryPrimitives.ReadInt64BigEndian(bytes[2..]);
        var rest = bytes[10..];
        string? client = null, user = null, excluded = null;
        if (!TryReadText(ref rest, 1, out var id)
            || (fields.HasFlag(Fields.Client) && !TryReadText(ref rest, 1, out client))
            || (fields.HasFlag(Fields.User) && !TryReadText(ref rest, 2, out user))
            || (fields.HasFlag(Fields.Excluded) && !TryReadText(ref rest, 1, out excluded)))
            return false;
        MessageTrace? trace = null;
        if (fields.HasFlag(Fields.Extensions) && !TryReadExtensions(ref rest, out trace))
            return false;

        var format = fields.HasFlag(Fields.MessagePack) ? WireFormat.MessagePack : WireFormat.Json;
        message = new StoredMessage(
            id!, timestamp, client is null ? null : new Sender(client, user), excluded, new Payload(format, data[^rest.Length..]))
        { Trace = trace };
        return rest.Length > 0;
    }

    // Ids are made here and short; see MessageIds and ConnectionId. Excluded ids come from outside and are checked at the API.
    private static void WriteAscii(ref Span<byte> target, string text)
    {
        target[0] = checked((byte)text.Length);
        Encoding.ASCII.GetBytes(text, target[1..]);
        target = target[(1 + text.Length)..];
    }

    private static void WriteTrace(ref Span<byte> target, ActivityContext context)
    {
        target[0] = 2 + TraceLength;
        target[1] = TraceExtension;
        target[2] = TraceLength;
        context.TraceId.CopyTo(target.Slice(3, 16));
        context.SpanId.CopyTo(target.Slice(19, 8));
        target[27] = (byte)context.TraceFlags;
        target = target[(3 + TraceLength)..];
    }

    private static bool TryReadExtensions(ref ReadOnlySpan<byte> source, out MessageTrace? trace)
    {
        trace = null;
        if (source.IsEmpty || source.Length < 1 + source[0])
            return false;
        var extensions = source.Slice(1, source[0]);
        source = source[(1 + extensions.Length)..];
        while (!extensions.IsEmpty)
        {
            if (extensions.Length < 2 || extensions.Length < 2 + extensions[1])
                return false;
            var value = extensions.Slice(2, extensions[1]);
            // Longer: a later version has put something behind it.
            if (extensions[0] == TraceExtension && value.Length >= TraceLength)
            {
                trace = new MessageTrace(new ActivityContext(
                    ActivityTraceId.CreateFromBytes(value[..16]), ActivitySpanId.CreateFromBytes(value.Slice(16, 8)), (ActivityTraceFlags)value[24], null, isRemote: true));
            }

            extensions = extensions[(2 + value.Length)..];
        }

        return true;
    }

    private static bool TryReadText(ref ReadOnlySpan<byte> source, int lengthBytes, out string? text)
    {
        text = null;
        if (source.Length < lengthBytes)
            return false;
        var length = lengthBytes == 1 ? source[0] : BinaryPrimitives.ReadUInt16BigEndian(source);
        source = source[lengthBytes..];
        if (source.Length < length)
            return false;
        text = Encoding.UTF8.GetString(source[..length]);
        source = source[length..];
        return true;
    }
}
