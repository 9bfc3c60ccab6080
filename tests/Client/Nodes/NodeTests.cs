using System.Net;
using System.Text.Json.Nodes;
using Fanout.Client;
using Fanout.Tests.Client.Support;
using Fanout.Tests.TestKit;
using Fanout.Tests.TestKit.Api;
using Fanout.Tests.TestKit.Nodes;
using Xunit;

namespace Fanout.Tests.Client.Nodes;

/// <summary>Against a node in memory that lets everybody in.</summary>
public sealed class NodeTests(OpenNode open) : IClassFixture<OpenNode>
{
    private readonly NodeProcess _node = open.Node;

    [Theory]
    [InlineData(FanoutFormat.Json, FanoutFormat.Json)]
    [InlineData(FanoutFormat.Json, FanoutFormat.MessagePack)]
    [InlineData(FanoutFormat.MessagePack, FanoutFormat.Json)]
    [InlineData(FanoutFormat.MessagePack, FanoutFormat.MessagePack)]
    public async Task Message_ComesAsItWasSent_FromEveryFormatToEveryFormat(FanoutFormat from, FanoutFormat to)
    {
        await using var writer = await RealClient.ConnectedAsync(_node, from);
        await using var reader = await RealClient.ConnectedAsync(_node, to);
        var name = Room();
        var got = new Collected<FanoutMessage<Chat>>();
        using var subscription = await reader.Room(name, Json.Default.Chat).SubscribeAsync(got.Add).WithDeadline("the room");

        var published = await writer.Room(name, Json.Default.Chat).PublishAsync(new Chat("Jörg \"x\"", "h\u00e9 \ud83d\ude00")).WithDeadline("the acknowledgement");

        var message = (await got.CountAsync(1))[0];
        Assert.Equal(new Chat("Jörg \"x\"", "h\u00e9 \ud83d\ude00"), message.Payload);
        Assert.Equal((published.MessageId, published.Offset, published.Epoch), (message.Id, message.Offset, message.Position?.Epoch));
        Assert.Equal((name, writer.Connection!.ClientId), (message.Room, message.From?.ClientId));
        Assert.InRange(message.Timestamp, DateTimeOffset.UtcNow - TimeSpan.FromMinutes(1), DateTimeOffset.UtcNow + TimeSpan.FromMinutes(1));
    }

    [Fact]
    public async Task RawJson_TravelsByteForByte()
    {
        await using var client = await RealClient.ConnectedAsync(_node);
        var got = new Collected<string>();
        var room = client.Room(Room());
        using var subscription = room.Subscribe(message => got.Add(message.Payload.ToString()));
        // Nobody waited for the join, and one's own first message comes back.
        await room.PublishAsync(FanoutPayload.FromJson("""{ "n" : 1.50, "n":2 }""")).WithDeadline("the acknowledgement");
        Assert.Equal("""{ "n" : 1.50, "n":2 }""", (await got.CountAsync(1))[0]);
    }

    [Fact]
    public async Task AwaitForeach_GetsAThousandEachWay_InOrder()
    {
        await using var client = await RealClient.ConnectedAsync(_node, FanoutFormat.MessagePack);
        var room = client.Room<int>(Room());
        await room.JoinAsync().WithDeadline("the room");
        var reading = ReadAsync();
        for (var n = 0; n < 1_000; n++)
            await room.PublishAsync(n).WithDeadline("the acknowledgement");
        Assert.Equal(Enumerable.Range(0, 1_000), await reading.WithDeadline("the loop"));

        async Task<List<int>> ReadAsync()
        {
            List<int> all = [];
            await foreach (var message in room.ReadAllAsync())
            {
                all.Add(message.Payload);
                if (all.Count == 1_000)
                    break;
            }

            return all;
        }
    }

    [Theory]
    [InlineData(FanoutFormat.Json)]
    [InlineData(FanoutFormat.MessagePack)]
    public async Task HistoryAndPresence_ArePagedThrough(FanoutFormat format)
    {
        await using var client = await RealClient.ConnectedAsync(_node, format);
        var room = client.Room<int>(Room());
        for (var n = 1; n <= 5; n++)
            await room.PublishAsync(n).WithDeadline("the acknowledgement");
        var page = await room.GetHistoryAsync(limit: 3).WithDeadline("a page");
        Assert.Equal([1, 2, 3], page.Messages.Select(message => message.Payload));
        Assert.Equal(5, page.Position?.Offset);
        var rest = await room.GetHistoryAsync(page.Next).WithDeadline("a page");
        Assert.Equal([4, 5], rest.Messages.Select(message => message.Payload));
        Assert.Null(rest.Next);
        List<int> all = [];
        await foreach (var message in room.ReplayAsync(upTo: page.Messages[2].Position))
            all.Add(message.Payload);
        Assert.Equal([1, 2, 3], all);

        await room.JoinAsync().WithDeadline("the room");
        var counts = await room.GetCountsAsync().WithDeadline("the counts");
        Assert.Equal((1, 0, 0), (counts.Count, counts.Users, counts.Members.Count));
        Assert.Equal(client.Connection!.ClientId, Assert.Single((await room.GetPresenceAsync().WithDeadline("the members")).Members).ClientId);
    }

    [Fact]
    public async Task Publish_OverTheLimit_IsRefusedWithoutLosingTheConnection()
    {
        await using var client = await RealClient.ConnectedAsync(_node);
        var room = client.Room<string>(Room());
        Assert.Equal("too_large", (await Assert.ThrowsAsync<FanoutException>(() => room.PublishAsync(new string('x', 2_000_000)).WithDeadline("the refusal"))).Code);
        await room.PublishAsync("small").WithDeadline("the acknowledgement");
        Assert.Equal(FanoutConnectionState.Connected, client.State);
    }

    [Fact]
    public async Task Request_OverTheLimit_FailsAlone_AndTheClientComesBack()
    {
        await using var client = await RealClient.ConnectedAsync(_node);
        var room = client.Room<int>(Room());
        var lost = new Collected<FanoutDisconnect>();
        client.Disconnected += lost.Add;
        var error = await Assert.ThrowsAsync<FanoutException>(
            () => client.RequestAsync("big", FanoutPayload.FromJson($"\"{new string('x', 2_000_000)}\"")).WithDeadline("the refusal"));
        Assert.Equal(("too_large", 1009), (error.Code, error.CloseCode));
        await room.PublishAsync(1).WithDeadline("the acknowledgement");
        Assert.Equal(1009, Assert.Single(await lost.CountAsync(1)).CloseCode);
    }

    [Fact]
    public async Task Request_WithoutABackEnd_IsRefused()
    {
        await using var client = await RealClient.ConnectedAsync(_node);
        var error = await Assert.ThrowsAsync<FanoutException>(() => client.RequestAsync<int, int>("nobody.answers", 1).WithDeadline("the refusal"));
        Assert.Equal(("method_not_found", false), (error.Code, error.IsRetryable));
    }

    [Fact]
    public async Task BackEnd_ThatPublishesByHttp_IsHeard()
    {
        await using var client = await RealClient.ConnectedAsync(_node);
        var room = client.Room<int>(Room());
        var got = new Collected<FanoutMessage<int>>();
        using var subscription = await room.SubscribeAsync(got.Add).WithDeadline("the room");
        using var api = new ApiClient(_node.BaseUri);
        await api.PublishAsync(room.Name, JsonValue.Create(7));
        var message = (await got.CountAsync(1))[0];
        Assert.Equal((7, null), (message.Payload, message.From));
    }

    [Fact]
    public async Task StoredPosition_IsGoneOnFrom()
    {
        var name = Room();
        FanoutPosition? stored = null;
        await using (var before = await RealClient.ConnectedAsync(_node))
        {
            var got = new Collected<FanoutMessage<int>>();
            using var subscription = await before.Room<int>(name).SubscribeAsync(got.Add).WithDeadline("the room");
            await before.Room<int>(name).PublishAsync(1).WithDeadline("the acknowledgement");
            stored = (await got.CountAsync(1))[0].Position;
        }

        await using var after = await RealClient.ConnectedAsync(_node);
        await after.Room<int>(name).PublishAsync(2).WithDeadline("the acknowledgement");
        var room = after.Room<int>(name, new FanoutRoomOptions { Since = stored });
        var recovered = new Collected<FanoutJoined>();
        room.Recovered += recovered.Add;
        var missed = new Collected<int>();
        using var again = room.Subscribe(message => missed.Add(message.Payload));
        Assert.Equal(2, (await missed.CountAsync(1))[0]);
        Assert.True(Assert.Single(await recovered.CountAsync(1)).Recovered);
    }

    [Fact]
    public async Task UnknownPath_IsTriedAgain_AndTellsTheStatus()
    {
        await using var client = new FanoutClient(RealClient.Quick with { Url = new Uri(_node.BaseUri, "/nothing").ToString() });
        var waits = new Collected<FanoutReconnecting>();
        client.Reconnecting += waits.Add;
        _ = client.ConnectAsync();
        Assert.Equal(HttpStatusCode.NotFound, (await waits.CountAsync(2))[0].Cause.StatusCode);
    }

    [Fact]
    public async Task SlowHandler_StopsTheReading_AndLosesNothing()
    {
        await using var reader = await RealClient.ConnectedAsync(_node);
        await using var writer = await RealClient.ConnectedAsync(_node, FanoutFormat.MessagePack);
        var name = Room();
        var got = new Collected<int>();
        using var hold = new ManualResetEventSlim();
        using var subscription = await reader.Room<int>(name).SubscribeAsync(message =>
        {
            hold.Wait(TimeSpan.FromMinutes(3));
            got.Add(message.Payload);
        }).WithDeadline("the room");
        var target = writer.Room<int>(name);
        for (var n = 0; n < 3_000; n++)
            await target.PublishAsync(n).WithDeadline("the acknowledgement");
        Assert.Empty(got.Items);
        hold.Set();
        Assert.Equal(Enumerable.Range(0, 3_000), await got.CountAsync(3_000));
    }

    private static string Room() => $"t.{Guid.NewGuid():N}";
}
