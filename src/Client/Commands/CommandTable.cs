using Fanout.Client.Threading;
using Fanout.Client.Wire;
using Fanout.Shared.Protocol;

namespace Fanout.Client.Commands;

/// <summary>What happens to a command whose connection ends before its answer.</summary>
internal enum Resend
{
    /// <summary>It may have had an effect, so the caller decides.</summary>
    Never,

    /// <summary>It only reads, so it is sent again.</summary>
    Again,
}

/// <summary>Commands that wait for their answer, or for a connection. Used in turns.</summary>
internal sealed class CommandTable(ILine line, Settings settings, Turns turns)
{
    /// <summary>As many as a node takes from one connection before it reads no further (docs/protocol.md, section 13).</summary>
    private const int MaxPending = 256;

    // In the order in which they were asked.
    private readonly SortedDictionary<long, Pending> _pending = [];

    // Sent, and given up by those who asked. They keep their places until they are answered, so that a peer that does not read is not sent
    // more and more of them.
    private readonly HashSet<long> _late = [];
    private long _count;
    private FanoutException? _closed;

    /// <summary>
    /// Sent now or at the next connection. What comes of it is told in a turn, before the next message of the node is looked at: what
    /// follows a <c>joined</c> counts only for a member.
    /// </summary>
    /// <param name="what">For people, such as <c>join</c>.</param>
    /// <param name="encode">Makes the message of its id.</param>
    /// <param name="told">Exactly once: the answer, or what the node refused it with, <c>timeout</c>, <c>connection_lost</c>, <c>closed</c>, or a cancellation.</param>
    public void Call(string what, Func<string, byte[]> encode, Resend resend, TimeSpan? timeout, Action<Inbound?, Exception?> told,
        CancellationToken cancellation = default)
    {
        if (_closed is not null)
        {
            told(null, _closed);
            return;
        }

        if (cancellation.IsCancellationRequested)
        {
            told(null, new OperationCanceledException(cancellation));
            return;
        }

        if (_pending.Count + _late.Count >= MaxPending)
        {
            told(null, new FanoutException(FanoutErrorCodes.BufferFull, $"{MaxPending} commands are waiting; no more may.") { IsRetryable = true });
            return;
        }

        var number = ++_count;
        var pending = new Pending(encode(Id(number)), resend, settings.NewTimer(turns));
        pending.Settle = (answer, error) =>
        {
            if (!_pending.Remove(number))
                return;
            pending.Timer.Clear();
            pending.Cancellation.Unregister();
            told(answer, error);
        };
        _pending.Add(number, pending);
        if (cancellation.CanBeCanceled)
        {
            pending.Cancellation = cancellation.UnsafeRegister(
                (state, token) =>
                {
                    using var turn = turns.Take();
                    GiveUp(number, (Pending)state!, new OperationCanceledException(token));
                },
                pending);
        }

        var limit = timeout ?? settings.Options.RequestTimeout;
        if (limit != Timeout.InfiniteTimeSpan)
        {
            pending.Timer.Set(limit, () => GiveUp(
                number, pending, new FanoutException(FanoutErrorCodes.Timeout, $"No answer to '{what}' within {limit}.") { IsRetryable = true }));
        }

        Send(pending);
    }

    /// <summary>As <see cref="Call"/>, for callers that are not in a hurry.</summary>
    public Task<Inbound> CallAsync(string what, Func<string, byte[]> encode, Resend resend, TimeSpan? timeout, CancellationToken cancellation)
    {
        var done = new TaskCompletionSource<Inbound>(TaskCreationOptions.RunContinuationsAsynchronously);
        using var turn = turns.Take();
        Call(what, encode, resend, timeout, Told, cancellation);
        return done.Task;

        void Told(Inbound? answer, Exception? error)
        {
            if (answer is not null)
                done.TrySetResult(answer);
            else if (error is OperationCanceledException)
                done.TrySetCanceled(cancellation);
            else
                done.TrySetException(error!);
        }
    }

    /// <summary>Whether the message answers one of ours.</summary>
    public bool Answered(Inbound message)
    {
        if (Number(message.Id) is not { } number)
            return false;
        if (!_pending.TryGetValue(number, out var pending))
            return _late.Remove(number);
        if (message.Type == MessageTypes.Error)
            pending.Settle(null, NodeMessages.ReadRefusal(message.Payload, message.Room));
        else
            pending.Settle(message, null);
        return true;
    }

    public void Connected()
    {
        foreach (var pending in _pending.Values.ToArray())
            Send(pending);
    }

    public void Lost()
    {
        _late.Clear();
        foreach (var pending in _pending.Values.ToArray())
        {
            if (!pending.IsSent)
                continue;
            if (pending.Resend == Resend.Again)
            {
                pending.IsSent = false;
            }
            else
            {
                pending.Settle(null, new FanoutException(
                    FanoutErrorCodes.ConnectionLost, "The connection ended before the answer; it may have happened.")
                { IsRetryable = true });
            }
        }
    }

    /// <summary>The largest of those without an answer.</summary>
    public Suspect? Largest() =>
        _pending.Values.Where(pending => pending.IsSent).MaxBy(pending => pending.Frame.Length) is { } largest
            ? new Suspect(largest.Frame.Length, error => largest.Settle(null, error))
            : null;

    public void Close(FanoutException error)
    {
        _closed = error;
        foreach (var pending in _pending.Values.ToArray())
            pending.Settle(null, error);
    }

    public void Reopen() => _closed = null;

    private void GiveUp(long number, Pending pending, Exception error)
    {
        if (pending.IsSent && _pending.ContainsKey(number))
            _late.Add(number);
        pending.Settle(null, error);
    }

    private void Send(Pending pending)
    {
        if (pending.IsSent || !line.IsReady)
            return;
        pending.IsSent = true;
        line.Send(pending.Frame);
    }

    private static string Id(long number) => "c" + number.ToString(System.Globalization.CultureInfo.InvariantCulture);

    private static long? Number(string? id) =>
        id is ['c', ..] && long.TryParse(id.AsSpan(1), System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out var number)
            ? number
            : null;

    private sealed class Pending(byte[] frame, Resend resend, ClientTimer timer)
    {
        public byte[] Frame { get; } = frame;

        public Resend Resend { get; } = resend;

        public ClientTimer Timer { get; } = timer;

        public CancellationTokenRegistration Cancellation { get; set; }

        public bool IsSent { get; set; }

        public Action<Inbound?, Exception?> Settle { get; set; } = static (_, _) => { };
    }
}
