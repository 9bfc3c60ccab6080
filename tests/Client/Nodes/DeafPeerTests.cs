using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using Fanout.Client;
using Fanout.Tests.TestKit;
using Xunit;

namespace Fanout.Tests.Client.Nodes;

/// <summary>The platform's WebSocket against a peer that talks and does not listen.</summary>
public sealed class DeafPeerTests
{
    private const string Connected =
        """{"type":"connected","payload":{"clientId":"c","node":"deaf","heartbeat":{"intervalMs":30000,"timeoutMs":45000},"limits":{"maxMessageBytes":0,"messagesPerSecond":0,"maxRooms":0},"backplane":"healthy","rooms":[]}}""";

    [Fact]
    public async Task Close_OfAPeerThatDoesNotRead_EndsTheConnectionAllTheSame()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        await using var client = new FanoutClient(new FanoutClientOptions { Url = $"ws://{listener.LocalEndpoint}", MinDelay = TimeSpan.FromMinutes(1), MaxDelay = TimeSpan.FromMinutes(1) });
        var lost = new Collected<FanoutDisconnect>();
        client.Disconnected += lost.Add;
        var connecting = client.ConnectAsync();
        using var peer = await listener.AcceptSocketAsync().WithDeadline("the client");
        await AcceptAsync(peer);
        await connecting.WithDeadline("the connection");

        // More than the buffers of both ends take, so that the client's writer waits for the peer.
        _ = client.PublishAsync("a", FanoutPayload.FromJson($"\"{new string('x', 64 * 1024 * 1024)}\"")).ContinueWith(static publish => publish.Exception, TaskScheduler.Default);
        await Eventually.TrueAsync(() => peer.Available > 0, "the beginning of the publish");
        // Service restart. The client would know of it only by its watchdog, half a minute later and without the code.
        await peer.SendAsync(new byte[] { 0x88, 2, 1012 >> 8, 1012 & 0xff });
        Assert.Equal(1012, (await lost.CountAsync(1))[0].CloseCode);
    }

    [Fact]
    public async Task Message_OverTheLimit_EndsTheConnection_ThoughThePeerDoesNotRead()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        await using var client = new FanoutClient(new FanoutClientOptions
        {
            Url = $"ws://{listener.LocalEndpoint}",
            MinDelay = TimeSpan.FromMinutes(1),
            MaxDelay = TimeSpan.FromMinutes(1),
            MaxIncomingMessageBytes = 1_024,
        });
        var lost = new Collected<FanoutDisconnect>();
        client.Disconnected += lost.Add;
        var connecting = client.ConnectAsync();
        using var peer = await listener.AcceptSocketAsync().WithDeadline("the client");
        await AcceptAsync(peer);
        await connecting.WithDeadline("the connection");
        _ = client.PublishAsync("a", FanoutPayload.FromJson($"\"{new string('x', 64 * 1024 * 1024)}\"")).ContinueWith(static publish => publish.Exception, TaskScheduler.Default);
        await Eventually.TrueAsync(() => peer.Available > 0, "the beginning of the publish");
        await peer.SendAsync(Text(new string('x', 2_000)));
        Assert.Contains("1024 bytes", (await lost.CountAsync(1))[0].Reason, StringComparison.Ordinal);
    }

    private static async Task AcceptAsync(Socket peer)
    {
        var request = new StringBuilder();
        var buffer = new byte[4_096];
        while (!request.ToString().Contains("\r\n\r\n", StringComparison.Ordinal))
            request.Append(Encoding.ASCII.GetString(buffer, 0, await peer.ReceiveAsync(buffer).WithDeadline("the handshake")));
        var key = request.ToString().Split("\r\n").Single(line => line.StartsWith("Sec-WebSocket-Key:", StringComparison.OrdinalIgnoreCase)).Split(':')[1].Trim();
#pragma warning disable CA5350 // The WebSocket handshake asks for it (RFC 6455, 1.3).
        var accept = Convert.ToBase64String(SHA1.HashData(Encoding.ASCII.GetBytes(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11")));
#pragma warning restore CA5350
        await peer.SendAsync(Encoding.ASCII.GetBytes(
            $"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {accept}\r\nSec-WebSocket-Protocol: fanout.v1.json\r\n\r\n"));
        await peer.SendAsync(Text(Connected));
    }

    private static byte[] Text(string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        return [0x81, 126, (byte)(bytes.Length >> 8), (byte)bytes.Length, .. bytes];
    }
}
