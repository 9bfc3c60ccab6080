using Fanout.Node.Lanes;

namespace Fanout.Node.Connections;

/// <summary>
/// Sends over a stream: what Kestrel gives for an upgraded HTTP/1.1 request or an extended CONNECT, with or without TLS. The stream takes
/// bytes until its buffer (64 KiB) is full; then the write completes later, and the lane goes on meanwhile.
/// </summary>
internal sealed class StreamOutbound : Outbound, ILaneWork
{
    private readonly Stream _stream;
    private readonly Action _onWritten;
    private ValueTask _write;

    public StreamOutbound(Connection connection, Stream stream, OutboundLimits limits)
        : base(connection, limits)
    {
        _stream = stream;
        // Runs wherever the transport completes the write; the lane picks up from there.
        _onWritten = () => Connection.Lane.Post(this);
    }

    void ILaneWork.Run(Lane lane)
    {
        if (Finish())
            OnWritable();
    }

    protected override void Write(ReadOnlyMemory<byte> frames)
    {
        try
        {
#pragma warning disable CA2012 // Consumed once, in Finish, whether it completed at once or later; a field saves an async method for each send.
            _write = _stream.WriteAsync(frames, CancellationToken.None);
#pragma warning restore CA2012
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException or InvalidOperationException)
        {
            // The request ended under us: the same as a transport that fails while it writes.
            OnFailed();
            return;
        }

        if (_write.IsCompleted)
        {
            Finish();
            return;
        }

        IsBlocked = true;
        _write.ConfigureAwait(false).GetAwaiter().UnsafeOnCompleted(_onWritten);
    }

    private bool Finish()
    {
        try
        {
            _write.GetAwaiter().GetResult();
            _write = default;
            return true;
        }
        catch (Exception)
        {
            // Reset, aborted, disposed: whatever it was, nothing more can be sent here, and the reader reports the end.
            _write = default;
            OnFailed();
            return false;
        }
    }
}
