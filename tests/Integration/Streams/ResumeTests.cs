using Fanout.Tests.Integration.Support;
using Fanout.Tests.TestKit;
using Fanout.Tests.TestKit.Clients;
using Fanout.Tests.TestKit.Nodes;
using Fanout.Tests.TestKit.Redis;
using Fanout.Tests.TestKit.Streams;
using Xunit;

namespace Fanout.Tests.Integration.Streams;

/// <summary>A stream that was cut comes back with what it knows.</summary>
public sealed class ResumeTests(RedisFixture redis, MemoryNode memory)
{
    // Cut in the middle of the fire, on whatever event: the id of each must be right.
    [Fact]
    public async Task NodeThatIsKilled_LosesNothingAndDoublesNothing_ForWhoComesBackToAnother()
    {
        await using var scope = await redis.CreateScopeAsync();
        var options = new NodeOptions().WithRedis(scope.ConnectionString, scope.Prefix).With(("Fanout:Auth:Jwt:SigningKey", Tokens.SigningKey));
        await using var staying = await RunningNode.StartAsync(options);
        string[] rooms = [Rooms.New("a"), Rooms.New("b"), Rooms.New("c")];
        var asked = new EventStreamOptions { Rooms = string.Join(',', rooms), Token = Tokens.For("ann", new { join = new[] { "*" } }) };
        const int Rounds = 60;
        var got = new List<StreamEvent>();
        var published = new List<string>();

        var victim = await RunningNode.StartAsync(options);
        var stream = await victim.StreamAsync(asked);
        foreach (var room in rooms.Append("$user.ann"))
            await stream.ExpectAsync("joined", room);
        for (var i = 0; i < Rounds; i++)
        {
            foreach (var room in rooms.Append("$user.ann"))
            {
                Assert.True((await staying.Api.PublishAsync(room, i)).IsSuccess);
                published.Add($"{room} {i}");
            }

            if (i != Rounds / 2)
                continue;
            await victim.Process.KillAsync();
            Assert.Equal(StreamEnd.Cut, await stream.EndAsync());
            got.AddRange(stream.Events.Where(e => e.Name == "message"));
            await stream.DisposeAsync();
            await victim.DisposeAsync();
            stream = await staying.StreamAsync(asked with { LastEventId = stream.LastEventId });
        }

        foreach (var room in rooms.Append("$user.ann"))
            Assert.True((await stream.ExpectAsync("joined", room)).Message.Payload().Flag("recovered"), room);
        await Eventually.TrueAsync(() => got.Count + stream.Events.Count(e => e.Name == "message") >= published.Count, "all messages");
        got.AddRange(stream.Events.Where(e => e.Name == "message"));
        await stream.DisposeAsync();

        foreach (var room in rooms.Append("$user.ann"))
            Assert.Equal(Enumerable.Range(0, Rounds), got.Where(e => e.Message.Text("room") == room).Select(e => (int)e.Message.Integer("payload")!));
    }

    [Fact]
    public async Task LastEventId_OfTheHeader_WinsOverTheQuery_AndThatOverThePositionsOfTheRooms()
    {
        var node = memory.Node;
        var room = Rooms.New();
        string epoch;
        await using (var first = await node.StreamAsync(room))
            epoch = first.Events[^1].Message.Payload().Text("epoch")!;
        for (var i = 1; i <= 4; i++)
            Assert.True((await node.Api.PublishAsync(room, i)).IsSuccess);

        Assert.Equal(4, await FirstAsync(new EventStreamOptions { Rooms = $"{room};{epoch};1", Query = $"lastEventId={room};{epoch};2", LastEventId = $"{room};{epoch};3" }));
        Assert.Equal(3, await FirstAsync(new EventStreamOptions { Rooms = $"{room};{epoch};1", Query = $"lastEventId={room};{epoch};2" }));
        Assert.Equal(2, await FirstAsync(new EventStreamOptions { Rooms = $"{room};{epoch};1" }));
        // An id alone says which rooms, too.
        Assert.Equal(4, await FirstAsync(new EventStreamOptions { LastEventId = $"{room};{epoch};3" }));
        // A first visit that wants the last two.
        Assert.Equal(3, await FirstAsync(new EventStreamOptions { Rooms = room, Query = "last=2" }));

        async Task<long?> FirstAsync(EventStreamOptions options)
        {
            await using var stream = await node.StreamAsync(options);
            return (await stream.ExpectAsync("message", room)).Message.Offset();
        }
    }

    [Fact]
    public async Task PositionThatIsTooOld_IsNotRecovered_AndSaysSo()
    {
        await using var node = await RunningNode.StartAsync(new NodeOptions().With(("Fanout:Rooms:0:Pattern", "short"), ("Fanout:Rooms:0:HistorySize", "3")));
        string id;
        await using (var first = await node.StreamAsync("short", "room"))
            id = first.LastEventId;
        for (var i = 0; i < 10; i++)
            Assert.True((await node.Api.PublishAsync("short", i)).IsSuccess);

        await using var back = await node.StreamAsync(new EventStreamOptions { Rooms = "short,room", LastEventId = id });

        var joined = (await back.ExpectAsync("joined", "short")).Message.Payload();
        Assert.Equal((false, 10), (joined.Flag("recovered"), joined.Integer("offset")));
        Assert.True((await back.ExpectAsync("joined", "room")).Message.Payload().Flag("recovered"));
    }

    // Before its rooms are joined a stream has nothing but what it was told.
    [Fact]
    public async Task Stream_ThatIsCutBeforeItsJoins_StillKnowsWhereItWas()
    {
        await using var faulty = await FaultyRedis.StartAsync(redis);
        string id;
        await using (var first = await faulty.Node.StreamAsync("room"))
            id = first.LastEventId;
        Assert.True((await faulty.Node.Api.PublishAsync("room", "missed")).IsSuccess);

        faulty.Break();
        await Eventually.TrueAsync(async () => !(await faulty.Node.Api.PublishAsync("x", 1)).IsSuccess, "the node to notice");
        await using (var second = await faulty.Node.StreamAsync(new EventStreamOptions { Rooms = "room", LastEventId = id }))
        {
            Assert.Equal(id, (await second.ExpectAsync("connected")).Id);
            Assert.True((await second.ExpectAsync("problem", "room")).Message.Payload().Flag("retryable"));
            var closed = (await second.ExpectAsync("closed")).Message.Payload();
            Assert.Equal((1011, StreamEnd.Finished), ((int)closed.Integer("code")!, await second.EndAsync()));
            Assert.InRange(second.RetryMs!.Value, 5_000, 15_000);
            Assert.Equal(id, second.LastEventId);
        }

        faulty.Proxy.Heal();
        await Eventually.TrueAsync(
            async () =>
            {
                // Again and again, as a browser does.
                await using var third = await faulty.Node.StreamAsync(new EventStreamOptions { Rooms = "room", LastEventId = id });
                var first = await third.ExpectAsync(e => e.Name is "message" or "closed", "the message, or another end");
                return first.Message.Text("payload") == "missed";
            },
            "the missed message",
            context: faulty.Node.Process.LogTail);
    }

    [Fact]
    public async Task Redis_ThatLosesARoom_IsToldByReset_AndTheIdGoesOnFromThere()
    {
        await using var own = await OwnRedis.StartAsync();
        await using var node = await RunningNode.StartAsync(FaultyRedis.Quick(new NodeOptions()).WithRedis(own.ConnectionString));
        await using var stream = await node.StreamAsync("room");
        Assert.True((await node.Api.PublishAsync("room", 1)).IsSuccess);
        await stream.ExpectAsync("message", "room");

        await own.RestartAsync(wipe: true);
        var reset = await stream.ExpectAsync("reset", "room");

        Assert.Equal($"room;{reset.Message.Payload().Text("epoch")};{reset.Message.Payload().Integer("offset")}", reset.Id);
    }
}
