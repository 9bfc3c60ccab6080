using System.Buffers;
using System.Buffers.Binary;
using System.Text.Unicode;
using Fanout.Node.Compression;
using Fanout.Shared.Protocol;

namespace Fanout.Node.Connections.Framing;

/// <summary>
/// Turns a client's bytes into messages and control frames: RFC 6455, section 5, with fragments put together, control frames let through
/// between them, masks taken off and text checked.
/// </summary>
/// <remarks>Not thread-safe. Holds a buffer only while a message is being received, so an idle connection holds none.</remarks>
/// <param name="maxMessageBytes">Of a message, inflated where it is compressed; 0 for no limit.</param>
/// <param name="inflates">Whether permessage-deflate was agreed (RFC 7692).</param>
/// <param name="mostTinyFragments">Fragments of less than 16 bytes that a message may be sent in, its last one not counted.</param>
internal sealed class FrameReader(long maxMessageBytes, bool inflates = false, int mostTinyFragments = int.MaxValue) : IDisposable
{
    /// <summary>
    /// Enough for anybody's reasons, as tests that send text byte by byte have; without a bound a message that never ends, in fragments without a byte,
    /// keeps a core busy and counts for no rate.
    /// </summary>
    public const int UsualMostTinyFragments = 4096;

    private const int TinyFragment = 16;
    private const int MaxControlPayload = 125;
    private const int SmallestBuffer = 512;

    private readonly long _maxMessageBytes = maxMessageBytes > 0 ? maxMessageBytes : int.MaxValue / 2;

    private byte[]? _message;
    private int _messageLength;
    private int _validated;
    private int _tinyFragments;
    private bool _isCompressed;
    private Opcode _messageOpcode;
    private byte[]? _control;
    private int _controlLength;

    private FrameHeader _frame;
    private long _frameRead;
    private bool _inFrame;
    private bool _handedOut;

    /// <summary>Takes the next thing off the front of the buffer; what was taken is sliced off.</summary>
    public InboundFrame Read(ref ReadOnlySequence<byte> buffer)
    {
        if (_handedOut)
            ForgetMessage();

        // One turn for each frame; only the last fragment of a message, or a control frame, is something to hand out.
        while (true)
        {
            if (!_inFrame)
            {
                if (!FrameHeader.TryRead(ref buffer, inflates, out var header, out var violation))
                    return default;
                violation ??= CheckOrder(header.Opcode);
                if (violation is not null)
                    return InboundFrame.Violation(CloseCode.ProtocolError, violation);
                if (!header.IsControl && header.PayloadLength > WireLimit(header) - _messageLength)
                    return TooBig();
                if (!header.IsControl && !header.IsFinal && header.PayloadLength < TinyFragment && ++_tinyFragments > mostTinyFragments)
                    return InboundFrame.Violation(CloseCode.ProtocolAbuse, $"a message may have {mostTinyFragments} fragments of less than {TinyFragment} bytes");
                BeginFrame(header);
            }

            TakePayload(ref buffer);
            if (_frameRead < _frame.PayloadLength)
                return IsTextSoFar() ? default : NotUtf8();

            _inFrame = false;
            if (_frame.IsControl)
                return CompleteControl();
            if (_frame.IsFinal)
                return CompleteMessage();
            if (!IsTextSoFar())
                return NotUtf8();
        }
    }

    /// <summary>
    /// Inflates the compressed message that was just handed out: the same message, or a violation. Left to the caller, who may have reasons not
    /// to pay for it.
    /// </summary>
    public InboundFrame Inflate()
    {
        switch (Inflater.Inflate(_message.AsMemory(0, _messageLength), _maxMessageBytes, out var inflated, out var length))
        {
            case InflateResult.TooLarge:
                return TooBig();
            case InflateResult.Garbage:
                return InboundFrame.Violation(CloseCode.InvalidPayload, "a compressed message cannot be inflated");
        }

        if (_message is not null)
            ArrayPool<byte>.Shared.Return(_message);
        (_message, _messageLength) = (inflated, length);
        return WholeMessage();
    }

    public void Dispose() => ForgetMessage();

    private bool IsAssembling => _messageOpcode != Opcode.Continuation;

    private string? CheckOrder(Opcode opcode) => opcode switch
    {
        Opcode.Continuation when !IsAssembling => "a continuation frame continues nothing",
        Opcode.Text or Opcode.Binary when IsAssembling => "a new message begins before the last one ended",
        _ => null,
    };

    private void BeginFrame(in FrameHeader header)
    {
        _frame = header;
        _frameRead = 0;
        _inFrame = true;
        if (header.IsControl || header.Opcode == Opcode.Continuation)
            return;
        _messageOpcode = header.Opcode;
        _isCompressed = header.IsCompressed;
    }

    private void TakePayload(ref ReadOnlySequence<byte> buffer)
    {
        var count = (int)Math.Min(buffer.Length, _frame.PayloadLength - _frameRead);
        if (count == 0)
            return;
        var target = _frame.IsControl ? ControlSpan(count) : MessageSpan(count);
        buffer.Slice(0, count).CopyTo(target);
        FrameMask.Apply(target, _frame.MaskKey, (int)(_frameRead & 3));
        _frameRead += count;
        buffer = buffer.Slice(count);
    }

    private Span<byte> ControlSpan(int count)
    {
        // Beside the message's buffer, since a control frame may come between two fragments.
        _control ??= new byte[MaxControlPayload];
        var span = _control.AsSpan(_controlLength, count);
        _controlLength += count;
        return span;
    }

    private Span<byte> MessageSpan(int count)
    {
        var needed = _messageLength + count;
        if (_message is null || _message.Length < needed)
            Grow(needed);
        var span = _message.AsSpan(_messageLength, count);
        _messageLength = needed;
        return span;
    }

    private void Grow(int needed)
    {
        // Grows with what has really come, never with what a header promised: a promise of 1 MiB costs its sender 1 MiB.
        var larger = ArrayPool<byte>.Shared.Rent(Math.Max(needed, Math.Max(SmallestBuffer, _messageLength * 2)));
        if (_message is not null)
        {
            _message.AsSpan(0, _messageLength).CopyTo(larger);
            ArrayPool<byte>.Shared.Return(_message);
        }

        _message = larger;
    }

    // Looks at what came since the last look, so that a message in many pieces is looked at once, and a bad one is refused at its first bad
    // byte. A character that is cut off is left for the next look, if it can still become one.
    private bool IsTextSoFar()
    {
        if (_messageOpcode != Opcode.Text || _isCompressed || _validated == _messageLength)
            return true;
        var unseen = _message.AsSpan(_validated, _messageLength - _validated);
        var whole = unseen.Length - Utf8Tail.Length(unseen);
        if (!Utf8.IsValid(unseen[..whole]) || !Utf8Tail.CanGoOn(unseen[whole..]))
            return false;
        _validated += whole;
        return true;
    }

    // What cannot be compressed grows by some bytes a block. More than that is not a message, and would only be gathered to be refused.
    private long WireLimit(in FrameHeader header) =>
        (header.Opcode == Opcode.Continuation ? _isCompressed : header.IsCompressed) ? _maxMessageBytes + (_maxMessageBytes / 64) + 1024 : _maxMessageBytes;

    private InboundFrame TooBig() => InboundFrame.Violation(CloseCode.MessageTooBig, $"a message may have {_maxMessageBytes} bytes");

    private static InboundFrame NotUtf8() => InboundFrame.Violation(CloseCode.InvalidPayload, "a text message is not UTF-8");

    private InboundFrame CompleteMessage()
    {
        _handedOut = true;
        return _isCompressed
            ? new InboundFrame { Kind = InboundKind.Message, Opcode = _messageOpcode, Payload = _message.AsSpan(0, _messageLength), IsCompressed = true }
            : WholeMessage();
    }

    private InboundFrame WholeMessage()
    {
        var payload = _message.AsSpan(0, _messageLength);
        if (_messageOpcode == Opcode.Text && !Utf8.IsValid(payload[_validated..]))
            return NotUtf8();
        return new InboundFrame { Kind = InboundKind.Message, Opcode = _messageOpcode, Payload = payload };
    }

    private InboundFrame CompleteControl()
    {
        var payload = _control.AsSpan(0, _controlLength);
        _controlLength = 0;
        return _frame.Opcode switch
        {
            Opcode.Ping => new InboundFrame { Kind = InboundKind.Ping, Payload = payload },
            Opcode.Pong => new InboundFrame { Kind = InboundKind.Pong, Payload = payload },
            _ => ReadClose(payload),
        };
    }

    private static InboundFrame ReadClose(ReadOnlySpan<byte> payload)
    {
        if (payload.Length == 0)
            return new InboundFrame { Kind = InboundKind.Close };
        if (payload.Length == 1)
            return InboundFrame.Violation(CloseCode.ProtocolError, "a close frame has half a code");
        var code = BinaryPrimitives.ReadUInt16BigEndian(payload);
        if (!CloseCodes.IsValidOnWire(code))
            return InboundFrame.Violation(CloseCode.ProtocolError, $"close code {code} must not be sent");
        return Utf8.IsValid(payload[2..])
            ? new InboundFrame { Kind = InboundKind.Close, CloseCode = code }
            : InboundFrame.Violation(CloseCode.InvalidPayload, "a close reason is not UTF-8");
    }

    private void ForgetMessage()
    {
        if (_message is not null)
            ArrayPool<byte>.Shared.Return(_message);
        _message = null;
        _messageLength = 0;
        _validated = 0;
        _tinyFragments = 0;
        _isCompressed = false;
        _messageOpcode = Opcode.Continuation;
        _handedOut = false;
    }
}
