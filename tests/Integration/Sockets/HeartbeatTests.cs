using Fanout.Tests.Integration.Support;
using Fanout.Tests.TestKit;
using Fanout.Tests.TestKit.Clients;
using Fanout.Tests.TestKit.Nodes;
using Fanout.Tests.TestKit.Sockets;
using Xunit;

namespace Fanout.Tests.Integration.Sockets;

/// <summary>Pings, and what happens to who does not answer them. Heartbeats here are quick: a second, gone after five.</summary>
public sealed class HeartbeatTests(HeartbeatTests.QuickNode quick) : IClassFixture<HeartbeatTests.QuickNode>
{
    public sealed class QuickNode : IAsyncLifetime
    {
        public RunningNode Node { get; private set; } = null!;

        public async ValueTask InitializeAsync() => Node = await RunningNode.StartAsync(new NodeOptions().With(
            ("Fanout:Heartbeat:Interval", "00:00:01"), ("Fanout:Heartbeat:Timeout", "00:00:05")));

        public ValueTask DisposeAsync() => Node.DisposeAsync();
    }

    [Fact]
    public async Task Client_ThatAnswersPings_StaysConnected()
    {
        await using var client = await quick.Node.ConnectAsync();
        var heartbeat = client.Connected.Payload()["heartbeat"]!.AsObject();
        Assert.Equal((1_000, 5_000), (heartbeat.Integer("intervalMs"), heartbeat.Integer("timeoutMs")));

        // Longer than the timeout.
        await Eventually.TrueAsync(() => client.Pings >= 6, "six pings of the node");

        await client.PingAsync();
    }

    [Fact]
    public async Task Client_ThatIsSilent_IsClosedWith4000_AndLeavesItsRooms()
    {
        var room = Rooms.New();
        await using var neighbour = await quick.Node.JoinAsync(room);
        await using var silent = await quick.Node.ConnectAsync(new TestClientOptions { AutoPong = false });
        await silent.JoinAsync(room);

        var close = await silent.WaitForCloseAsync();

        Assert.Equal((4000, TcpEnd.Fin), (close.Code, close.End));
        Assert.True(silent.Pings > 0);
        await Eventually.ValueAsync(
            async () => (await quick.Node.Api.RoomAsync(room)).Ok.Integer("members"), members => members == 1, "the neighbour alone in the room");
        await neighbour.PingAsync();
    }

    // Any frame counts as life, not pongs alone.
    [Fact]
    public async Task Client_ThatSendsMessagesButNoPongs_StaysConnected()
    {
        await using var client = await quick.Node.ConnectAsync(new TestClientOptions { AutoPong = false });

        await Eventually.TrueAsync(
            async () =>
            {
                await client.PingAsync();
                return client.Pings >= 6;
            },
            "six pings of the node");

        await client.PingAsync();
    }

    // Its TCP connection lives, and nobody is behind it: neither the ping nor the close is answered.
    [Fact]
    public async Task Client_ThatIsDeadBehindALiveConnection_LeavesItsRooms()
    {
        var room = Rooms.New();
        await using var dead = (await RawWebSocket.ConnectAsync(quick.Node.BaseUri, $"/ws?rooms={room}")).EnsureAccepted();
        await Eventually.ValueAsync(MembersAsync, members => members == 1, "the member");

        await Eventually.ValueAsync(MembersAsync, members => members == 0, "the room without the dead member");

        async Task<long?> MembersAsync() => (await quick.Node.Api.RoomAsync(room)).Ok.Integer("members");
    }
}
