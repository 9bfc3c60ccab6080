using System.Text;
using System.Text.Json.Nodes;
using Fanout.Tests.Conformance.Support;
using Fanout.Tests.TestKit.Api;
using Fanout.Tests.TestKit.Clients;
using Fanout.Tests.TestKit.Nodes;
using Fanout.Tests.TestKit.Sockets;
using Xunit;

namespace Fanout.Tests.Conformance.Rfc7692;

/// <summary>Messages of rooms: compressed once for all who agreed, and only where it is worth it.</summary>
public sealed class BroadcastTests(BroadcastTests.NodeOfMine mine) : IClassFixture<BroadcastTests.NodeOfMine>
{
    private static readonly string Large = string.Concat(Enumerable.Repeat("some words for everybody, again and again. ", 100));

    [Theory]
    [InlineData(2_000)]
    [InlineData(100_000)]
    [InlineData(900_000)]
    public async Task LargeMessage_GoesOutInTheFormThatEachMemberAgreedTo(int length)
    {
        var room = $"room-{Guid.NewGuid():n}";
        await using var json = await JoinAsync(room, TestClientOptions.Json, Deflate.Offer);
        await using var jsonToo = await JoinAsync(room, TestClientOptions.Json, "permessage-deflate; client_max_window_bits; server_no_context_takeover");
        await using var plain = await JoinAsync(room, TestClientOptions.Json, null);
        await using var msgpack = await JoinAsync(room, TestClientOptions.Msgpack, Deflate.Offer);
        await using var plainMsgpack = await JoinAsync(room, TestClientOptions.Msgpack, null);
        await using var narrow = await JoinAsync(room, TestClientOptions.Json, "permessage-deflate; server_max_window_bits=9");
        await using var wideEnough = await JoinAsync(room, TestClientOptions.Json, "permessage-deflate; server_max_window_bits=12");

        await PublishAsync(room, Large[..Math.Min(Large.Length, 1_000)].PadRight(length, 'x'));

        var frames = await ReceiveAsync(json, jsonToo, plain, msgpack, plainMsgpack, narrow, wideEnough);
        Assert.Equal([4, 4, 0, 4, 0, 0, length < 4_000 ? 4 : 0], frames.Select(frame => frame.Rsv));
        // One for all: the same bytes.
        Assert.Equal(frames[0].Payload.ToArray(), frames[1].Payload.ToArray());
        Assert.Equal(frames[2].Payload.ToArray(), Deflate.Inflate(frames[0].Payload.Span));
        Assert.Equal(frames[4].Payload.ToArray(), Deflate.Inflate(frames[3].Payload.Span));
        Assert.Equal(frames[2].Payload.ToArray(), frames[5].Payload.ToArray());
        Assert.Equal(frames[2].Payload.ToArray(), frames[6].Rsv == 0 ? frames[6].Payload.ToArray() : Deflate.Inflate(frames[6].Payload.Span));
        Assert.True(frames[0].Payload.Length < frames[2].Payload.Length / 2);
    }

    [Fact]
    public async Task SmallMessages_Answers_AndWhatCannotBeCompressed_GoUncompressed()
    {
        var room = $"room-{Guid.NewGuid():n}";
        await using var member = await JoinAsync(room, TestClientOptions.Json, Deflate.Offer);
        var noise = new byte[3_000];
        new Random(1).NextBytes(noise);

        await PublishAsync(room, new string('x', 1_000));
        Assert.Equal(0, (await ReceiveAsync(member))[0].Rsv);
        await PublishAsync(room, new string('x', 1_100));
        Assert.Equal(4, (await ReceiveAsync(member))[0].Rsv);
        await member.SendTextAsync($$"""{"type":"history","id":"h","room":"{{room}}"}""");
        var history = await member.ReceiveFrameAsync();
        Assert.Equal((0, "history"), (history.Rsv, JsonNode.Parse(history.Text)!["type"]!.GetValue<string>()));

        // Base64 of noise becomes a fifth shorter; MessagePack's binary is noise itself.
        await using var msgpack = await JoinAsync(room, TestClientOptions.Msgpack, Deflate.Offer);
        await msgpack.SendAsync(WebSocketFrames.Binary([0x83, 0xa4, .. "type"u8, 0xa7, .. "publish"u8, 0xa4, .. "room"u8, 0xd9, (byte)room.Length, .. Encoding.ASCII.GetBytes(room), 0xa7, .. "payload"u8, 0xc5, 0x0b, 0xb8, .. noise]));
        Assert.Equal(0, (await ReceiveAsync(msgpack))[0].Rsv);
        Assert.Equal(4, (await ReceiveAsync(member))[0].Rsv);
    }

    // A large message is made ready beside the lane while small ones come behind it: none may overtake it, nor a join or a leave its place.
    [Theory]
    [InlineData("kept")]
    [InlineData("live")]
    public async Task LargeAndSmallMessages_KeepTheirOrder_AmongJoinsAndLeaves(string kind)
    {
        const int Messages = 120;
        var room = $"{kind}.{Guid.NewGuid():n}";
        await using var json = await JoinAsync(room, TestClientOptions.Json, Deflate.Offer);
        await using var msgpack = await JoinAsync(room, TestClientOptions.Msgpack, Deflate.Offer);
        await using var guest = await JoinAsync($"{room}.other", TestClientOptions.Json, Deflate.Offer);
        await using var publisher = await JoinAsync($"{room}.publisher", TestClientOptions.Json, Deflate.Offer);

        var guestSaw = new List<string>();
        var guesting = Task.Run(async () =>
        {
            for (var i = 0; i < 15; i++)
            {
                await guest.SendTextAsync($$"""{"type":"join","id":"j{{i}}","room":"{{room}}"}""");
                await ReadUntilAsync("joined");
                await guest.SendTextAsync($$"""{"type":"leave","id":"l{{i}}","room":"{{room}}"}""");
                await ReadUntilAsync("left");
            }
        }, TestContext.Current.CancellationToken);
        for (var i = 0; i < Messages; i++)
        {
            var text = i % 3 == 0 ? Large.PadRight(200_000 + i, (char)('a' + (i % 26))) : i % 3 == 1 ? "small" : Large;
            await publisher.SendTextAsync($$$"""{"type":"publish","room":"{{{room}}}","payload":{"n":{{{i}}},"text":"{{{text}}}"}}""");
        }

        await guesting;
        Assert.Equal(Enumerable.Range(0, Messages), (await ReceiveAllAsync(json)).Select(message => message["payload"]!["n"]!.GetValue<int>()));
        for (var i = 0; i < Messages; i++)
        {
            var frame = await msgpack.ReceiveFrameAsync();
            var bytes = frame.Rsv == 4 ? Deflate.Inflate(frame.Payload.Span) : frame.Payload.ToArray();
            // "n", then the number: a positive fixint, or one byte behind 0xcc.
            var at = bytes.AsSpan().IndexOf([(byte)0x82, (byte)0xa1, (byte)'n']) + 3;
            Assert.Equal(i, bytes[at] == 0xcc ? bytes[at + 1] : bytes[at]);
        }

        // In order, and nothing between a leave and the next join.
        var inside = false;
        var last = -1;
        foreach (var entry in guestSaw)
        {
            if (entry is "joined" or "left")
            {
                inside = entry == "joined";
                continue;
            }

            Assert.True(inside, "a message outside of the room");
            Assert.InRange(int.Parse(entry, System.Globalization.CultureInfo.InvariantCulture), last + 1, Messages);
            last = int.Parse(entry, System.Globalization.CultureInfo.InvariantCulture);
        }

        async Task ReadUntilAsync(string type)
        {
            while (true)
            {
                var message = Json(await guest.ReceiveFrameAsync());
                var seen = message["type"]!.GetValue<string>();
                guestSaw.Add(seen == "message" ? message["payload"]!["n"]!.ToJsonString() : seen);
                if (seen == type)
                    return;
            }
        }

        async Task<List<JsonNode>> ReceiveAllAsync(RawWebSocket peer)
        {
            var all = new List<JsonNode>();
            while (all.Count < Messages)
                all.Add(Json(await peer.ReceiveFrameAsync()));
            return all;
        }
    }

    // What a member missed comes compressed too, page by page, large and small mixed.
    [Fact]
    public async Task MissedMessages_ComeCompressed_InOrder()
    {
        const int Messages = 100;
        var room = $"kept.{Guid.NewGuid():n}";
        JsonNode joined;
        await using (var before = await JoinAsync($"{room}.other", TestClientOptions.Json, null))
        {
            await before.SendTextAsync($$"""{"type":"join","id":"j","room":"{{room}}"}""");
            joined = Json(await before.ReceiveFrameAsync());
        }

        for (var i = 0; i < Messages; i++)
            await PublishAsync(room, $"{i} " + (i % 2 == 0 ? Large.PadRight(i % 4 == 0 ? 30_000 : 5_000, 'y') : "small"));
        var at = $"{room};{joined["payload"]!["epoch"]!.GetValue<string>()};{joined["payload"]!["offset"]}";
        await using var back = await JoinAsync(at, TestClientOptions.Json, Deflate.Offer);

        for (var i = 0; i < Messages; i++)
        {
            var frame = await back.ReceiveFrameAsync();
            Assert.Equal(i % 2 == 0 ? 4 : 0, frame.Rsv);
            Assert.StartsWith($"{i} ", Json(frame)["payload"]!.GetValue<string>(), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task EveryConnection_IsReachedCompressed_WhereItAgreed()
    {
        await using var json = await JoinAsync("somewhere", TestClientOptions.Json, Deflate.Offer);
        await using var plain = await JoinAsync("somewhere", TestClientOptions.Json, null);

        await PublishAsync("$all", Large);
        await PublishAsync("$all", "behind it");

        Assert.Equal([4, 0], (await ReceiveAsync(json, plain)).Select(frame => frame.Rsv));
        Assert.Equal(["behind it", "behind it"], (await ReceiveAsync(json, plain)).Select(frame => Json(frame)["payload"]!.GetValue<string>()));
    }

    private static JsonNode Json(WebSocketFrame frame) => JsonNode.Parse(frame.Rsv == 4 ? Deflate.Inflate(frame.Payload.Span) : frame.Payload.Span)!;

    private async Task PublishAsync(string room, string text) => Assert.True((await mine.Api.PublishAsync(room, text)).IsSuccess);

    private static async Task<WebSocketFrame[]> ReceiveAsync(params RawWebSocket[] peers)
    {
        var frames = new List<WebSocketFrame>();
        foreach (var peer in peers)
            frames.Add(await peer.ReceiveFrameAsync());
        return [.. frames];
    }

    // Behind "connected" and "joined".
    private async Task<RawWebSocket> JoinAsync(string room, string subprotocol, string? extensions)
    {
        var peer = await RawWebSocket.ConnectAsync(mine.Node.BaseUri, new RawWebSocketOptions
        {
            PathAndQuery = "/ws?rooms=" + Uri.EscapeDataString(room),
            Subprotocols = [subprotocol],
            Headers = new Dictionary<string, string?> { ["Sec-WebSocket-Extensions"] = extensions },
        });
        peer.EnsureAccepted();
        await peer.ReceiveFrameAsync();
        await peer.ReceiveFrameAsync();
        return peer;
    }

    /// <summary>A node whose clients may send as fast as they like.</summary>
    public sealed class NodeOfMine : IAsyncLifetime
    {
        public NodeProcess Node { get; private set; } = null!;

        public ApiClient Api { get; private set; } = null!;

        public async ValueTask InitializeAsync()
        {
            Node = await NodeProcess.StartAsync(new NodeOptions().With(
                ("Fanout:Limits:MessagesPerSecond", "0"),
                ("Fanout:Limits:MaxBacklogBytes", "67108864"),
                ("Fanout:Rooms:0:Pattern", "live.*"),
                ("Fanout:Rooms:0:HistorySize", "0")));
            Api = new ApiClient(Node.AdminUri);
        }

        public async ValueTask DisposeAsync()
        {
            Api.Dispose();
            await Node.DisposeAsync();
        }
    }
}
