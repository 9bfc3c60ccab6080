using Fanout.Tests.Integration.Support;
using Fanout.Tests.TestKit;
using Fanout.Tests.TestKit.Clients;
using Fanout.Tests.TestKit.Sockets;
using Xunit;

namespace Fanout.Tests.Integration.BadInput;

/// <summary>Clients that want too much: too fast, too many rooms, more than they read.</summary>
public sealed class LimitTests(MemoryNode memory)
{
    [Theory]
    [MemberData(nameof(Formats.Both), MemberType = typeof(Formats))]
    public async Task Messages_OverTheRate_AreRefused_AndLaterOnesTaken(string subprotocol)
    {
        await using var neighbour = await Neighbour.MoveInAsync(memory.Node);
        await using var client = await memory.Node.JoinAsync(neighbour.Room, subprotocol);

        // The burst is 200, and a hundred more a second.
        for (var i = 0; i < 400; i++)
            await client.SendAsync(new { type = "ping", id = $"p{i}" });

        var refusal = (await client.ExpectTypeAsync("error")).Payload();
        Assert.Equal(("rate_limited", true), (refusal.Text("code"), refusal.Flag("retryable")));
        Assert.InRange(refusal.Integer("retryAfterMs") ?? 0, 1, 1_000);
        await Eventually.TrueAsync(
            async () => (await client.RequestAsync(new { type = "ping" })).Text("type") == "pong", "a ping that is answered again");
        await neighbour.SawNothingAsync();
    }

    [Theory]
    [MemberData(nameof(Formats.Both), MemberType = typeof(Formats))]
    public async Task Join_OverTheRoomLimit_IsRefused_UntilARoomIsLeft(string subprotocol)
    {
        await using var neighbour = await Neighbour.MoveInAsync(memory.Node);
        await using var client = await memory.Node.JoinAsync(neighbour.Room, subprotocol);
        var limit = (int)client.Connected.Payload()["limits"]!.AsObject().Integer("maxRooms")!.Value;
        var rooms = Enumerable.Range(1, limit - 1).Select(_ => Rooms.New()).ToList();
        foreach (var room in rooms)
            await client.JoinAsync(room);

        var error = await client.RequestErrorAsync(new { type = "join", room = Rooms.New() });
        await client.JoinAsync(rooms[0]);
        await client.LeaveAsync(rooms[0]);
        await client.JoinAsync(Rooms.New());

        Assert.Equal("too_many_rooms", error.Text("code"));
        await neighbour.SawNothingAsync();
    }

    [Theory]
    [MemberData(nameof(Formats.Both), MemberType = typeof(Formats))]
    public async Task Reader_ThatIsTooSlow_IsClosedWith4001_AndTheOthersGetEverything(string subprotocol)
    {
        // Far more than the kernel's buffers and the backlog hold together.
        const int Messages = 250;
        var text = new string('x', 64 * 1024);
        await using var neighbour = await Neighbour.MoveInAsync(memory.Node);
        await using var slow = await memory.Node.ConnectAsync(new TestClientOptions { Subprotocol = subprotocol, ReceiveBufferBytes = 4096 });
        await slow.JoinAsync(neighbour.Room);

        slow.PauseReading();
        for (var i = 0; i < Messages; i++)
            await neighbour.PublishAsync(text);
        slow.ResumeReading();

        Assert.Equal(4001, (await slow.WaitForCloseAsync()).Code);
        Assert.InRange(slow.Messages(neighbour.Room).Count, 1, Messages - 1);
        await neighbour.SawNothingAsync();
    }

    // Its answers count too: a client that asks and never reads does not fill the node's memory.
    [Fact]
    public async Task Flood_OfPingsThatAreNeverRead_HarmsNobody()
    {
        await using var neighbour = await Neighbour.MoveInAsync(memory.Node);
        await using var flood = (await RawWebSocket.ConnectAsync(memory.Node.BaseUri, new RawWebSocketOptions
        {
            PathAndQuery = $"/ws?rooms={neighbour.Room}",
            ReceiveBufferBytes = 4096,
        })).EnsureAccepted();
        var pings = Enumerable.Repeat(WebSocketFrames.Client(WebSocketOpcode.Ping, new byte[125]), 500).SelectMany(frame => frame).ToArray();

        var ended = await Record.ExceptionAsync(async () =>
        {
            for (var i = 0; i < 200; i++)
                await flood.SendAsync(pings);
        });

        // Either all of it was taken and the pongs wait in buffers, or the node has cut the connection.
        Assert.True(ended is null or IOException, ended?.ToString());
        await neighbour.SawNothingAsync();
    }
}
