using System.Buffers;
using System.Buffers.Binary;
using System.Buffers.Text;
using System.Text;
using System.Text.Json;
using Fanout.Node.Connections.Framing;
using Fanout.Shared.Protocol;

namespace Fanout.Node.Sse;

/// <summary>
/// Turns frames into events (HTML, section 9.2). The frames are shared: a message is encoded once, for sockets and streams together. What is a
/// stream's own, the <c>id</c> line, is written before the shared bytes, on the way into the transport's buffer, where they must be copied
/// anyway.
/// </summary>
/// <remarks>Owned by the lane. Allocates nothing for a message.</remarks>
/// <param name="onCannotJoin">Called when a room could not be joined for now: a socket would join again, a stream can only come back.</param>
internal sealed class EventWriter(StreamPositions positions, long retryMs, Action onCannotJoin)
{
    private ReadOnlyMemory<byte> _frames;
    private ReadOnlyMemory<byte> _data;
    private bool _isInEvent;
    private bool _hasBegun;

    /// <summary>Whether there is something to write.</summary>
    public bool HasMore => _isInEvent || !_frames.IsEmpty;

    /// <summary>Takes whole frames; only while there is nothing to write.</summary>
    public void Take(ReadOnlyMemory<byte> frames) => _frames = frames;

    /// <summary>Writes about so many bytes; large messages are written in pieces.</summary>
    public void Write(IBufferWriter<byte> output, int atMost)
    {
        while (atMost > 0 && HasMore)
        {
            if (_isInEvent)
            {
                atMost -= WriteData(output, atMost);
                continue;
            }

            var payload = FrameHead.Take(ref _frames, out var opcode);
            atMost -= opcode switch
            {
                Opcode.Text => Begin(output, payload),
                Opcode.Ping => Put(output, ":\n\n"u8),
                Opcode.Close => WriteClosed(output, payload.Span),
                _ => 0,
            };
        }
    }

    private int Begin(IBufferWriter<byte> output, ReadOnlyMemory<byte> message)
    {
        var head = MessageHead.Read(message.Span);
        var isMessage = head.Type.SequenceEqual("message"u8);
        var isProblem = head.Type.SequenceEqual("error"u8);
        if (!_hasBegun)
            WriteRetry(output, retryMs);
        else if (head.Type.SequenceEqual("drain"u8))
            WriteRetry(output, RetryHints.AfterDrain());
        else if (isProblem && head.IsRetryable)
            WriteRetry(output, RetryHints.AfterTrouble());

        // Events without a name are what `onmessage` gets. A browser gives the name `error` to what it has to say itself.
        if (!isMessage)
        {
            Put(output, "event: "u8);
            Put(output, isProblem ? "problem"u8 : head.Type);
            Put(output, "\n"u8);
        }

        var written = 0;
        if (Follow(head) || (!_hasBegun && !positions.IsEmpty))
        {
            Put(output, "id: "u8);
            written = positions.WriteTo(output);
            Put(output, "\n"u8);
        }

        Put(output, "data: "u8);
        (_hasBegun, _isInEvent, _data) = (true, true, message);
        if (isProblem && head.IsRetryable)
            onCannotJoin();
        return written;
    }

    // Whether the message moves a position. An event without an id leaves the client's last one as it is.
    private bool Follow(in MessageHead head)
    {
        if (head.Room.IsEmpty)
            return false;
        if (head.Type.SequenceEqual("message"u8))
            return head.Offset is { } offset && positions.Move(head.Room, offset);
        if (head.Type.SequenceEqual("joined"u8) || head.Type.SequenceEqual("reset"u8))
        {
            if (head.Epoch.IsEmpty)
                return positions.Remove(head.Room);
            positions.Set(head.Room, head.Epoch, head.Offset ?? 0);
            return true;
        }

        if (head.Type.SequenceEqual("left"u8))
            return positions.Remove(head.Room);
        return head.Type.SequenceEqual("error"u8) && !head.IsRetryable && positions.Remove(head.Room);
    }

    // A line break in the payload's white space is one in the event's data: another line of it. A carriage return would be one more; since it
    // means nothing in JSON it is left out.
    private int WriteData(IBufferWriter<byte> output, int atMost)
    {
        var piece = _data.Span[..Math.Min(_data.Length, atMost)];
        var run = piece.IndexOfAny((byte)'\n', (byte)'\r');
        if (run < 0)
        {
            output.Write(piece);
            _data = _data[piece.Length..];
            if (_data.IsEmpty)
            {
                Put(output, "\n\n"u8);
                _isInEvent = false;
            }

            return piece.Length + 2;
        }

        output.Write(piece[..run]);
        if (piece[run] == (byte)'\n')
            Put(output, "\ndata: "u8);
        _data = _data[(run + 1)..];
        return run + 7;
    }

    private int WriteClosed(IBufferWriter<byte> output, ReadOnlySpan<byte> payload)
    {
        // Our own streams are never closed without a code.
        var code = payload.Length >= 2 ? BinaryPrimitives.ReadUInt16BigEndian(payload) : (int)CloseCode.Normal;
        var reason = payload.Length > 2 ? Encoding.UTF8.GetString(payload[2..]) : "";
        Put(output, "event: closed\n"u8);
        if (!CloseCodes.ShouldReconnect(code))
        {
            Put(output, "id: "u8);
            positions.WriteTo(output);
            if (!positions.IsEmpty)
                Put(output, ","u8);
            LastEventId.WriteStayAway(output, code);
            Put(output, "\n"u8);
        }

        return WriteClosedData(output, "code", code, reason);
    }

    /// <summary>Writes a stream's whole content for a browser that is refused for now, and would never come back after a status.</summary>
    public static void WriteRefusal(IBufferWriter<byte> output, int status, string reason, long retryMs)
    {
        WriteRetry(output, retryMs);
        Put(output, "event: closed\n"u8);
        WriteClosedData(output, "status", status, reason);
    }

    private static int WriteClosedData(IBufferWriter<byte> output, string name, int number, string reason)
    {
        Put(output, "data: "u8);
        using (var json = new Utf8JsonWriter(output))
        {
            json.WriteStartObject();
            json.WriteString("type"u8, "closed"u8);
            json.WriteStartObject("payload"u8);
            json.WriteNumber(name, number);
            json.WriteString("reason"u8, reason);
            json.WriteEndObject();
            json.WriteEndObject();
        }

        return Put(output, "\n\n"u8);
    }

    private static void WriteRetry(IBufferWriter<byte> output, long ms)
    {
        Put(output, "retry: "u8);
        var span = output.GetSpan(20);
        Utf8Formatter.TryFormat(ms, span, out var written);
        output.Advance(written);
        Put(output, "\n"u8);
    }

    private static int Put(IBufferWriter<byte> output, ReadOnlySpan<byte> bytes)
    {
        output.Write(bytes);
        return bytes.Length;
    }
}
