using System.Net.WebSockets;
using System.Text.Json;
using System.Threading.Channels;

namespace Peer.AspNetPlain;

/// <summary>One socket: a reader here, a writer task behind a bounded channel.</summary>
internal sealed class Client(WebSocket socket, Rooms rooms, string? room)
{
    private static readonly byte[] Joined = """{"type":"joined"}"""u8.ToArray();

    private readonly Channel<byte[]> _outgoing = Channel.CreateBounded<byte[]>(
        new BoundedChannelOptions(1024) { SingleReader = true, FullMode = BoundedChannelFullMode.Wait });

    public async Task RunAsync()
    {
        if (room is not null)
            rooms.Join(room, this);
        Send(Joined);
        var writer = WriteAsync();
        try
        {
            await ReadAsync();
        }
        catch (WebSocketException)
        {
            // The peer is gone.
        }
        finally
        {
            if (room is not null)
                rooms.Leave(room, this);
            _outgoing.Writer.TryComplete();
        }

        await writer;
    }

    /// <summary>Queues a message; a client whose queue is full is cut.</summary>
    public void Send(byte[] message)
    {
        if (!_outgoing.Writer.TryWrite(message) && _outgoing.Writer.TryComplete())
            socket.Abort();
    }

    private async Task WriteAsync()
    {
        try
        {
            await foreach (var message in _outgoing.Reader.ReadAllAsync())
                await socket.SendAsync(message, WebSocketMessageType.Text, endOfMessage: true, CancellationToken.None);
        }
        catch (Exception e) when (e is WebSocketException or ObjectDisposedException or OperationCanceledException)
        {
            // The reader sees the same, and ends the client.
        }
    }

    private async Task ReadAsync()
    {
        var buffer = new byte[4096];
        var length = 0;
        while (true)
        {
            if (length == buffer.Length)
                Array.Resize(ref buffer, buffer.Length * 2);
            var result = await socket.ReceiveAsync(buffer.AsMemory(length), CancellationToken.None);
            if (result.MessageType == WebSocketMessageType.Close)
                return;
            length += result.Count;
            if (!result.EndOfMessage)
                continue;
            using var message = JsonDocument.Parse(buffer.AsMemory(0, length));
            length = 0;
            if (message.RootElement.GetProperty("type").ValueEquals("publish"))
                rooms.Publish(message.RootElement.GetProperty("room").GetString()!, message.RootElement.GetProperty("payload"));
        }
    }
}
