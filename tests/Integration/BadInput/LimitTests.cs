using Fanout.Tests.Integration.Support;
using Fanout.Tests.TestKit;
using Fanout.Tests.TestKit.Clients;
using Fanout.Tests.TestKit.Nodes;
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
        await using var node = await RunningNode.StartAsync();
        await using var neighbour = await Neighbour.MoveInAsync(node);
        await using var slow = await node.ConnectAsync(new TestClientOptions { Subprotocol = subprotocol, ReceiveBufferBytes = 64 * 1024 });
        await slow.JoinAsync(neighbour.Room);

        slow.PauseReading();
        await SlowReader.FillUntilItIsCutAsync(node, neighbour);
        slow.ResumeReading();

        Assert.Equal(4001, (await slow.WaitForCloseAsync()).Code);
        Assert.InRange(slow.Messages(neighbour.Room).Count, 1, neighbour.Published - 1);
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

    [Theory]
    [InlineData("Fanout:Limits:MaxConnections", "connections", 503, true)]
    [InlineData("Fanout:Limits:MaxConnections", "connections", 503, false)]
    [InlineData("Fanout:Limits:MaxConnectionsPerIp", "connections_per_ip", 429, true)]
    [InlineData("Fanout:Limits:MaxConnectionsPerIp", "connections_per_ip", 429, false)]
    [InlineData("Fanout:Limits:MaxConnectionsPerUser", "connections_per_user", 429, true)]
    [InlineData("Fanout:Limits:MaxConnectionsPerUser", "connections_per_user", 429, false)]
    [InlineData("Fanout:Limits:ConnectionsPerSecond", "connection_rate", 503, true)]
    public async Task Connections_OverALimit_AreRefusedWithARetryAfter_AndCounted(string setting, string metric, int status, bool fastLane)
    {
        await using var node = await RunningNode.StartAsync(new NodeOptions().With((setting, "1"), ("Fanout:Auth:Jwt:SigningKey", Tokens.SigningKey)));
        // At once: a place that comes back each second must not be back while a cold node thinks about the first.
        var both = await Task.WhenAll(UpgradeAsync(node, fastLane), UpgradeAsync(node, fastLane));
        await using var first = Assert.Single(both, peer => peer.Handshake!.Status == 101);

        await using (var second = both.Single(peer => peer != first))
        {
            Assert.Equal(status, second.Handshake!.Status);
            Assert.InRange(int.Parse(second.Handshake.Header("Retry-After")!, System.Globalization.CultureInfo.InvariantCulture), 1, 60);
            Assert.Equal("application/problem+json", second.Handshake.Header("Content-Type"));
        }

        Assert.Matches($@"fanout_limited\w*{{[^}}]*limit=""{metric}""[^}}]*}} [1-9]", (await node.Api.GetAsync("/metrics")).Text);
        // A place that is given back is free again, however it was lost.
        first.Abort();
        await Eventually.TrueAsync(
            async () =>
            {
                await using var next = await UpgradeAsync(node, fastLane);
                return next.Handshake!.Status == 101;
            },
            "a free place");
    }

    // Refusals for other reasons give their place back too.
    [Fact]
    public async Task RefusedHandshakes_TakeNoPlace()
    {
        await using var node = await RunningNode.StartAsync(new NodeOptions().With(
            ("Fanout:Limits:MaxConnections", "1"), ("Fanout:Limits:MaxConnectionsPerIp", "1"), ("Fanout:Auth:Jwt:SigningKey", Tokens.SigningKey)));
        for (var i = 0; i < 5; i++)
        {
            await using var peer = await RawWebSocket.OpenAsync(node.BaseUri);
            Assert.Equal(401, (await peer.UpgradeAsync(new HandshakeRequest(node.BaseUri, "/ws").Set("Authorization", "Bearer rubbish"))).Status);
        }

        await using var good = await UpgradeAsync(node, fastLane: true);
        Assert.Equal(101, good.Handshake!.Status);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Addresses_BehindAKnownProxy_AreTheClients(bool fastLane)
    {
        await using var node = await RunningNode.StartAsync(new NodeOptions().With(("Fanout:Limits:MaxConnectionsPerIp", "1"), ("Fanout:Proxies:Known:0", "127.0.0.0/8")));
        await using var one = await UpgradeAsync(node, fastLane, "203.0.113.1");
        await using var two = await UpgradeAsync(node, fastLane, "203.0.113.2");
        await using var oneAgain = await UpgradeAsync(node, fastLane, "198.51.100.9, 203.0.113.1");

        Assert.Equal((101, 101, 429), (one.Handshake!.Status, two.Handshake!.Status, oneAgain.Handshake!.Status));
    }

    [Fact]
    public async Task RoomsOfANode_OverTheLimit_AreRefused_AndKnownOnesJoined()
    {
        await using var node = await RunningNode.StartAsync(new NodeOptions().With(("Fanout:Limits:MaxRooms", "1")));
        await using var client = await node.JoinAsync("first");
        await using var other = await node.JoinAsync("first");

        Assert.Equal("too_many_rooms", (await client.RequestErrorAsync(new { type = "join", room = "second" })).Text("code"));
    }

    [Fact]
    public async Task Bytes_OverTheRate_AreRefused()
    {
        await using var node = await RunningNode.StartAsync(new NodeOptions().With(("Fanout:Limits:BytesPerSecond", "2000"), ("Fanout:Limits:MaxMessageBytes", "2000")));
        await using var client = await node.JoinAsync("room");
        for (var i = 0; i < 5; i++)
            await client.PublishWithoutAckAsync("room", new string('x', 1_500));

        var refusal = (await client.ExpectTypeAsync("error")).Payload();
        Assert.Equal(("rate_limited", true), (refusal.Text("code"), refusal.Flag("retryable")));
        Assert.InRange(refusal.Integer("retryAfterMs") ?? 0, 1, 2_000);
    }

    [Fact]
    public async Task History_OfAllRooms_IsBounded_AndLivePublishesGoOn()
    {
        await using var node = await RunningNode.StartAsync(new NodeOptions().With(
            ("Fanout:Limits:MaxHistoryBytes", "100000"), ("Fanout:Rooms:0:Pattern", "live.*"), ("Fanout:Rooms:0:HistorySize", "0")));
        var text = new string('x', 30_000);
        for (var i = 0; i < 3; i++)
            Assert.True((await node.Api.PublishAsync($"room-{i}", text)).IsSuccess);

        var refused = await node.Api.PublishAsync("room-3", text);

        Assert.Equal((503, "backplane_unavailable"), ((int)refused.Status, (string?)refused.Body?["code"]));
        Assert.True((await node.Api.PublishAsync("live.room", text)).IsSuccess);
        Assert.Matches(@"fanout_limited\w*{[^}]*limit=""history_total""[^}]*} [1-9]", (await node.Api.GetAsync("/metrics")).Text);
    }

    // What is remembered of keys for 15 minutes was in no bound at all: one client could fill the node with it.
    [Fact]
    public async Task Keys_ThatAreRemembered_AreBounded_AndPublishesWithoutOneGoOn()
    {
        // A quarter of it is for keys, of some 600 bytes each.
        await using var node = await RunningNode.StartAsync(new NodeOptions().With(
            ("Fanout:Limits:MaxHistoryBytes", "100000"), ("Fanout:Rooms:0:Pattern", "live.*"), ("Fanout:Rooms:0:HistorySize", "0")));
        var answers = new List<int>();
        for (var i = 0; i < 100 && answers.LastOrDefault() != 503; i++)
            answers.Add((int)(await node.Api.PublishAsync($"live.{i}", i, idempotencyKey: $"key-{i}")).Status);

        Assert.InRange(answers.Count, 20, 60);
        Assert.Equal(503, answers[^1]);
        // One that is remembered still is, and others need no memory.
        Assert.True((await node.Api.PublishAsync("live.0", 0, idempotencyKey: "key-0")).IsSuccess);
        Assert.True((await node.Api.PublishAsync("room", "x")).IsSuccess);
    }

    [Fact]
    public async Task RoomsInTheQuery_AreBounded()
    {
        await using var peer = await RawWebSocket.OpenAsync(memory.Node.BaseUri);

        var answer = await peer.UpgradeAsync(new HandshakeRequest(memory.Node.BaseUri, "/ws?rooms=" + string.Join(',', Enumerable.Range(0, 1_001))));

        Assert.Equal(400, answer.Status);
    }

    // A page that is left closes with 1001; that is no drain.
    [Fact]
    public async Task Close_ByTheClient_IsNotCountedAsADrain()
    {
        await using var node = await RunningNode.StartAsync();
        await using var client = await node.ConnectAsync();

        await client.CloseAsync(1001, "left");

        await Eventually.ValueAsync(
            async () => (await node.Api.GetAsync("/metrics")).Text, text => text.Contains("reason=\"peer\"} 1", StringComparison.Ordinal), "the close to be counted");
    }

    private static async Task<RawWebSocket> UpgradeAsync(RunningNode node, bool fastLane, string? forwardedFor = null)
    {
        var peer = await RawWebSocket.OpenAsync(node.BaseUri);
        if (!fastLane)
        {
            await peer.SendAsync("GET /healthz/live HTTP/1.1\r\nHost: here\r\n\r\n"u8.ToArray());
            await peer.ReadHandshakeAsync();
        }

        await peer.UpgradeAsync(new HandshakeRequest(node.BaseUri, "/ws").Set("Authorization", "Bearer " + Tokens.For("ann")).Set("X-Forwarded-For", forwardedFor));
        return peer;
    }
}
