using System.Buffers;
using System.IO.Pipelines;
using Fanout.Node.Connections.Framing;
using Fanout.Shared.Protocol;

namespace Fanout.Node.Connections;

/// <summary>How a socket's reader ended.</summary>
internal enum PumpEnd
{
    /// <summary>Close frames went both ways.</summary>
    CloseHandshake,

    /// <summary>The peer went without a close frame, or the transport failed.</summary>
    Lost,

    /// <summary>This node gave up on the peer.</summary>
    Aborted,
}

/// <summary>Reads a connection's bytes until it ends and hands out its messages, one by one, in order.</summary>
internal sealed class SocketPump(Session session, PipeReader input, FrameReader frames, IMessageHandler handler)
{
    // A read that has bytes waiting completes at once: a peer that sends as fast as it can would never let its thread go, and as many such peers as the
    // pool has threads would keep lanes and other readers waiting for seconds. Some 100 us of tiny frames.
    private const int BytesPerTurn = 16 * 1024;

    private readonly Connection _connection = session.Connection;
    private long _sinceYield;

    /// <summary>Reads until the end. Does not throw for anything a peer or a network can do.</summary>
    public async Task<PumpEnd> RunAsync()
    {
        try
        {
            while (true)
            {
                var result = await input.ReadAsync();
                if (result.IsCanceled)
                    return PumpEnd.Aborted;
                _connection.Touch();
                var end = Handle(result.Buffer, out var rest);
                // Where more has been read than may be under way, the rest counts as not looked at.
                input.AdvanceTo(rest, end is Next.Wait or Next.Yield ? rest : result.Buffer.End);
                if (end == Next.ReadNoMore)
                    return await FinishCloseAsync();
                if (end == Next.Discard)
                    return await DiscardAsync();
                if (result.IsCompleted && end is not (Next.Wait or Next.Yield))
                    return PumpEnd.Lost;
                await _connection.Gate.WaitAsync();
                if (_sinceYield >= BytesPerTurn)
                    await YieldAsync();
            }
        }
        catch (Exception e) when (e is IOException or OperationCanceledException or ObjectDisposedException or InvalidOperationException)
        {
            // A reset, a time-out of the transport, or the server stopping under us: the peer is gone either way.
            return PumpEnd.Lost;
        }
    }

    private enum Next
    {
        Continue,
        Wait,
        Yield,
        ReadNoMore,
        Discard,
    }

    private Next Handle(ReadOnlySequence<byte> buffer, out SequencePosition rest)
    {
        var before = _sinceYield + buffer.Length;
        try
        {
            while (true)
            {
                if (_connection.Gate.IsFull)
                    return Next.Wait;
                if (before - buffer.Length >= BytesPerTurn && !buffer.IsEmpty)
                    return Next.Yield;
                var frame = frames.Read(ref buffer);
                switch (frame.Kind)
                {
                    case InboundKind.None:
                        return Next.Continue;

                    case InboundKind.Message:
                        if (_connection.IsClosing)
                            break;
                        if (!frame.IsCompressed)
                            handler.OnMessage(session, frame.Opcode, frame.Payload);
                        else if (!TryInflate(frame))
                            return Next.Discard;
                        break;

                    case InboundKind.Ping:
                        AnswerPing(frame.Payload);
                        break;

                    case InboundKind.Pong:
                        break;

                    case InboundKind.Close:
                        _connection.AnswerClose(frame.CloseCode);
                        return Next.ReadNoMore;

                    case InboundKind.Violation:
                        _connection.Close((CloseCode)frame.CloseCode!.Value, frame.Reason!);
                        return Next.Discard;
                }
            }
        }
        finally
        {
            rest = buffer.Start;
            _sinceYield = before - buffer.Length;
        }
    }

    // Counted in like a command: a flood of pings is read as slowly as its pongs leave.
    private void AnswerPing(ReadOnlySpan<byte> payload)
    {
        if (session.Rate.TryTakePing(_connection.Lane.Timers.Now, out var retryAfterMs, out var abused))
            _connection.AnswerPing(payload);
        else if (abused)
            _connection.Close(CloseCode.RateLimitAbused, "kept sending pings over the rate limit");
        else
            _connection.AnswerPingLater(payload, retryAfterMs);
    }

    // To the end of the pool's queue.
    private async ValueTask YieldAsync()
    {
        _sinceYield = 0;
        await Task.Yield();
    }

    // A thousandth of a message can claim all of it: so whether the sender may have it is asked before it is inflated.
    private bool TryInflate(InboundFrame compressed)
    {
        var wireBytes = compressed.Payload.Length;
        if (!handler.MayInflate(session, compressed.Opcode, wireBytes))
            return true;
        var message = frames.Inflate();
        if (message.Kind == InboundKind.Violation)
        {
            _connection.Close((CloseCode)message.CloseCode!.Value, message.Reason!);
            return false;
        }

        handler.OnInflated(session, message.Opcode, message.Payload, wireBytes);
        return true;
    }

    // The peer said its last word; ours must be with the transport before the transport is closed.
    private async Task<PumpEnd> FinishCloseAsync()
    {
        await _connection.CloseSent;
        return PumpEnd.CloseHandshake;
    }

    // What follows a violation means nothing, but it must be read away: closing a socket with unread bytes resets it, and the peer would
    // never see why. The peer's answer is not parsed any more, so the end of our side goes out right behind our close frame: whoever answers
    // it then closes at once. The close deadline ends this for who does not.
    private async Task<PumpEnd> DiscardAsync()
    {
        _connection.EndSendingAfterClose();
        while (true)
        {
            var result = await input.ReadAsync();
            _sinceYield += result.Buffer.Length;
            input.AdvanceTo(result.Buffer.End);
            if (result.IsCanceled || result.IsCompleted)
                return PumpEnd.CloseHandshake;
            if (_sinceYield >= BytesPerTurn)
                await YieldAsync();
        }
    }
}
