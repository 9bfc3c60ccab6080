using System.IO.Pipelines;
using Fanout.Node.Connections;
using Fanout.Node.Lanes;

namespace Fanout.Node.Sse;

/// <summary>Sends over a response of ASP.NET, over HTTP/1.1 or HTTP/2. Only its lane writes to it.</summary>
internal sealed class SseOutbound : Outbound, ILaneWork, IDisposable
{
    // As over a socket: slow progress must be seen as progress.
    private const int PieceBytes = 16 * 1024;

    private readonly PipeWriter _response;
    private readonly EventWriter _events;
    private readonly Action _onFlushed;
    private readonly TaskCompletionSource _released = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private ValueTask<FlushResult> _flush;
    private bool _isFlushing;
    private bool _isDisposed;

    public SseOutbound(Connection connection, PipeWriter response, EventWriter events, OutboundLimits limits)
        : base(connection, limits)
    {
        (_response, _events) = (response, events);
        // Runs wherever the transport completes the flush; the lane picks up from there.
        _onFlushed = () => Connection.Lane.Post(this);
    }

    /// <summary>
    /// Completes when the lane will not touch the response any more. Not before then may the request end: ASP.NET gives the response to the next
    /// request, of whomever.
    /// </summary>
    public Task Released => _released.Task;

    void ILaneWork.Run(Lane lane)
    {
        if (!TakeFlush() || _isDisposed)
            return;
        NoteProgress();
        if (WriteRest())
            OnWritable();
    }

    /// <summary>The connection is off its lane.</summary>
    public void Dispose()
    {
        _isDisposed = true;
        if (!_isFlushing)
            _released.TrySetResult();
    }

    protected override void Write(ReadOnlyMemory<byte> frames)
    {
        _events.Take(frames);
        IsBlocked = !WriteRest();
    }

    // False: the transport makes us wait, or has failed.
    private bool WriteRest()
    {
        while (_events.HasMore)
        {
            try
            {
                _events.Write(_response, PieceBytes);
#pragma warning disable CA2012 // Consumed once, in TakeFlush, whether it completed at once or later; a field saves an async method for each send.
                _flush = _response.FlushAsync(CancellationToken.None);
#pragma warning restore CA2012
                _isFlushing = true;
            }
            catch (Exception e) when (e is IOException or ObjectDisposedException or InvalidOperationException or OperationCanceledException)
            {
                // The request ended under us: the same as a transport that fails while it writes.
                OnFailed();
                return false;
            }

            if (!_flush.IsCompleted)
            {
                _flush.ConfigureAwait(false).GetAwaiter().UnsafeOnCompleted(_onFlushed);
                return false;
            }

            if (!TakeFlush())
                return false;
        }

        return true;
    }

    private bool TakeFlush()
    {
        _isFlushing = false;
        var isOpen = false;
        try
        {
            var result = _flush.GetAwaiter().GetResult();
            isOpen = result is { IsCompleted: false, IsCanceled: false };
        }
        catch (Exception)
        {
            // Reset, aborted, disposed: whatever it was, nothing more can be sent here.
        }

        _flush = default;
        if (_isDisposed)
            _released.TrySetResult();
        else if (!isOpen)
            OnFailed();
        return isOpen;
    }
}
