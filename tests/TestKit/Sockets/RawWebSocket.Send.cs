using System.Net.Sockets;

namespace Fanout.Tests.TestKit.Sockets;

public sealed partial class RawWebSocket
{
    // A server that reads has room for a close frame; one that does not must not hold up the end of a test.
    private static readonly TimeSpan AtParting = TimeSpan.FromMilliseconds(500);

    private readonly SemaphoreSlim _sending = new(1, 1);

    /// <summary>Sends bytes as they are: a frame, several, a part of one, or rubbish.</summary>
    public Task SendAsync(ReadOnlyMemory<byte> bytes, TimeSpan? deadline = null) =>
        Deadlines.RunAsync(
            async cancelled =>
            {
                await _sending.WaitAsync(cancelled);
                try
                {
                    await _stream.WriteAsync(bytes, cancelled);
                }
                catch (IOException e) when (e.InnerException is SocketException { SocketErrorCode: SocketError.ConnectionReset })
                {
                    _reader.ResetSeen = true;
                    throw;
                }
                finally
                {
                    _sending.Release();
                }
            },
            $"room in the socket for {bytes.Length} bytes", deadline ?? _deadline);

    public Task SendTextAsync(string text) => SendAsync(WebSocketFrames.Text(text));

    public Task SendBinaryAsync(ReadOnlyMemory<byte> bytes) => SendAsync(WebSocketFrames.Binary(bytes.Span));

    public Task SendPingAsync(ReadOnlyMemory<byte> payload = default) =>
        SendAsync(WebSocketFrames.Client(WebSocketOpcode.Ping, payload.Span));

    public Task SendPongAsync(ReadOnlyMemory<byte> payload = default) =>
        SendAsync(WebSocketFrames.Client(WebSocketOpcode.Pong, payload.Span));

    /// <param name="code">Null sends a close frame without a body.</param>
    public Task SendCloseAsync(int? code = 1000, string reason = "") => SendAsync(WebSocketFrames.Close(code, reason));

    /// <summary>A last word to a server that may not read any more.</summary>
    internal Task TrySendCloseAsync() => TryAsync(WebSocketFrames.Close(), AtParting);

    /// <summary>Answers a close frame; that the server is gone already is then seen by the reads.</summary>
    internal Task TryEchoCloseAsync(WebSocketFrame close) =>
        TryAsync(WebSocketFrames.Client(WebSocketOpcode.Close, close.Payload.Span), AtParting);

    private async Task TryAsync(ReadOnlyMemory<byte> frame, TimeSpan deadline)
    {
        try
        {
            await SendAsync(frame, deadline);
        }
        catch (Exception e) when (e is IOException or SocketException or ObjectDisposedException or TimeoutException)
        {
        }
    }
}
