using System.Globalization;
using Fanout.Tests.Integration.Support;
using Fanout.Tests.TestKit.Nodes;
using Fanout.Tests.TestKit.Sockets;
using Xunit;

namespace Fanout.Tests.Integration.Sockets;

/// <summary>Pings of a client on <c>/ws</c>, where there are rates: RFC 6455, section 5.5.2 and 5.5.3.</summary>
public sealed class PingTests(PingTests.StrictNode strict) : IClassFixture<PingTests.StrictNode>
{
    private const int Burst = 5;

    public sealed class StrictNode : IAsyncLifetime
    {
        public RunningNode Node { get; private set; } = null!;

        public async ValueTask InitializeAsync() => Node = await RunningNode.StartAsync(new NodeOptions().With(
            ("Fanout:Limits:MessagesPerSecond", "1"), ("Fanout:Limits:MessageBurst", Burst.ToString(CultureInfo.InvariantCulture))));

        public ValueTask DisposeAsync() => Node.DisposeAsync();
    }

    // A client at its message rate took the node for dead: pings came out of the same bucket, and over it none was answered.
    [Fact]
    public async Task Ping_OfAClientThatIsOverItsMessageRate_IsAnswered()
    {
        await using var peer = await ConnectAsync();
        // At once: the bucket fills again while a busy machine sends one after the other.
        await peer.SendAsync(Enumerable.Repeat(WebSocketFrames.Client(WebSocketOpcode.Text, """{"type":"ping"}"""u8.ToArray()), Burst + 3).SelectMany(frame => frame).ToArray());
        await ReceiveAsync(peer, frame => frame.Text.Contains("rate_limited", StringComparison.Ordinal));

        await peer.SendPingAsync("there?"u8.ToArray());

        await ReceiveAsync(peer, frame => frame is { Opcode: WebSocketOpcode.Pong, Text: "there?" });
    }

    // And messages do not wait for what pings have used up.
    [Fact]
    public async Task Message_OfAClientThatIsOverItsPingRate_IsTaken()
    {
        await using var peer = await ConnectAsync();
        for (var i = 0; i < Burst + 3; i++)
            await peer.SendPingAsync("p"u8.ToArray());

        await peer.SendTextAsync("""{"type":"ping","id":"m"}""");

        var answer = await ReceiveAsync(peer, frame => frame.Opcode == WebSocketOpcode.Text);
        Assert.Contains("\"pong\"", answer.Text, StringComparison.Ordinal);
    }

    // Older ones may be skipped, the newest not; nothing that was answered comes again, or behind a newer one.
    [Fact]
    public async Task NewestPing_OfAFlood_IsAnswered_TheOthersSkipped()
    {
        const int Pings = 500;
        await using var peer = await ConnectAsync();
        await peer.SendAsync(Enumerable.Range(0, Pings)
            .SelectMany(i => WebSocketFrames.Client(WebSocketOpcode.Ping, System.Text.Encoding.ASCII.GetBytes(i.ToString(CultureInfo.InvariantCulture)))).ToArray());

        var pongs = new List<int>();
        await ReceiveAsync(peer, frame =>
        {
            if (frame.Opcode == WebSocketOpcode.Pong)
                pongs.Add(int.Parse(frame.Text, CultureInfo.InvariantCulture));
            return pongs.Contains(Pings - 1);
        });

        Assert.Equal(pongs.Distinct().Order(), pongs);
        Assert.InRange(pongs.Count, Burst, Pings / 2);
    }

    private async Task<RawWebSocket> ConnectAsync()
    {
        var peer = (await RawWebSocket.ConnectAsync(strict.Node.BaseUri)).EnsureAccepted();
        await peer.ReceiveFrameAsync();
        return peer;
    }

    private static async Task<WebSocketFrame> ReceiveAsync(RawWebSocket peer, Func<WebSocketFrame, bool> wanted)
    {
        while (true)
        {
            var frame = await peer.ReceiveFrameAsync();
            if (wanted(frame))
                return frame;
        }
    }
}
