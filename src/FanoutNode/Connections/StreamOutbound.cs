using System.Net.Security;
using Fanout.Node.Lanes;

namespace Fanout.Node.Connections;

/// <summary>
/// Sends over a stream: TLS, or what Kestrel gives for an upgraded HTTP/1.1 request or an extended CONNECT. The stream takes bytes until
/// its buffer (64 KiB) is full; then the write completes later, and the lane goes on meanwhile.
/// </summary>
internal sealed class StreamOutbound : Outbound, ILaneWork
{
    // As over a socket: slow progress must be seen as progress. No more than a TLS record either.
    private const int PieceBytes = 16 * 1024;

    private readonly Stream _stream;
    private readonly Action _onWritten;
    private ReadOnlyMemory<byte> _rest;
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
        if (!Finish())
            return;
        NoteProgress();
        if (WriteRest())
            OnWritable();
    }

    /// <remarks>
    /// TLS says it with close_notify (RFC 8446, section 6.1). An upgraded request cannot be half closed: there the peer's FIN or the close deadline
    /// ends it.
    /// </remarks>
    public override void EndSending()
    {
        if (_stream is SslStream tls)
            _ = EndSendingAsync(tls);
    }

    protected override void Write(ReadOnlyMemory<byte> frames)
    {
        _rest = frames;
        IsBlocked = !WriteRest();
    }

    // False: the transport makes us wait, or has failed.
    private bool WriteRest()
    {
        while (!_rest.IsEmpty)
        {
            var piece = _rest[..Math.Min(_rest.Length, PieceBytes)];
            _rest = _rest[piece.Length..];
            try
            {
#pragma warning disable CA2012 // Consumed once, in Finish, whether it completed at once or later; a field saves an async method for each send.
                _write = _stream.WriteAsync(piece, CancellationToken.None);
#pragma warning restore CA2012
            }
            catch (Exception e) when (e is IOException or ObjectDisposedException or InvalidOperationException)
            {
                // The request ended under us: the same as a transport that fails while it writes.
                OnFailed();
                return false;
            }

            if (!_write.IsCompleted)
            {
                _write.ConfigureAwait(false).GetAwaiter().UnsafeOnCompleted(_onWritten);
                return false;
            }

            if (!Finish())
                return false;
        }

        return true;
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

    private static async Task EndSendingAsync(SslStream tls)
    {
        try
        {
            await tls.ShutdownAsync();
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException or InvalidOperationException)
        {
            // The peer ended it first.
        }
    }
}
