using System.Text.Json.Nodes;
using Fanout.Tests.Integration.Support;
using Fanout.Tests.TestKit.Clients;
using Fanout.Tests.TestKit.Redis;
using Xunit;

namespace Fanout.Tests.Integration.HttpApi;

/// <summary>Many messages in one call (DESIGN.md 4).</summary>
[Collection(TwoNodes.Name)]
public sealed class BatchTests(TwoNodes nodes, MemoryNode memory, RedisFixture redis)
{
    [Fact]
    public async Task Batch_ToRoomsAndUsers_AnswersEachInOrder_AndDeliversEach()
    {
        var (room, user, absent) = (Rooms.New(), Rooms.New("ann"), Rooms.New("bob"));
        await using var member = await nodes.Second.JoinAsync(room);
        await using var client = await nodes.First.ConnectUserAsync(user);

        var results = await PublishAsync(
            new JsonObject { ["room"] = room, ["payload"] = 1 },
            new JsonObject { ["user"] = user, ["payload"] = 2 },
            new JsonObject { ["user"] = absent, ["payload"] = 3 });

        Assert.Equal((1, false), (results[0].Integer("nodes"), results[0].ContainsKey("online")));
        Assert.Equal((1, true), (results[1].Integer("nodes"), results[1].Flag("online")));
        Assert.Equal((0, false, 1), (results[2].Integer("nodes"), results[2].Flag("online"), results[2].Integer("offset")));
        Assert.Equal(results[0].Text("id"), (await member.ExpectTypeAsync("message", room)).Text("id"));
        Assert.Equal(results[1].Text("id"), (await client.ExpectTypeAsync("message")).Text("id"));
    }

    [Fact]
    public async Task Batch_OfAThousand_KeepsTheOrderOfEachRoom()
    {
        string[] rooms = [Rooms.New(), Rooms.New(), Rooms.New()];
        await using var member = await nodes.Second.ConnectAsync(new TestClientOptions { Rooms = string.Join(',', rooms) });
        foreach (var room in rooms)
            await member.ExpectTypeAsync("joined", room);

        var results = await PublishAsync([.. Enumerable.Range(0, 1000).Select(i => new JsonObject { ["room"] = rooms[i % 3], ["payload"] = i })]);

        Assert.Equal(1000, results.Count);
        for (var r = 0; r < rooms.Length; r++)
        {
            var expected = Enumerable.Range(0, 1000).Where(i => i % 3 == r).ToList();
            var messages = await member.WaitForMessagesAsync(rooms[r], expected.Count);
            Assert.Equal(expected, messages.Select(message => (int)message["payload"]!));
            Assert.Equal(Enumerable.Range(1, expected.Count), expected.Select(i => (int)results[i].Integer("offset")!));
        }
    }

    // A fifth of a second to Redis and back: one after the other they would take minutes, and this call has a deadline.
    [Fact]
    public async Task Batch_OverALongWayToRedis_TravelsTogether()
    {
        await using var faulty = await FaultyRedis.StartAsync(redis);
        faulty.Proxy.Delay(TimeSpan.FromMilliseconds(100));

        var answer = (await faulty.Node.Api.PublishBatchAsync([.. Enumerable.Range(0, 1000).Select(i => new JsonObject { ["room"] = $"room-{i % 7}", ["payload"] = i })])).Ok;

        Assert.All(answer["results"]!.AsArray(), result => Assert.NotNull(result!["offset"]));
    }

    [Fact]
    public async Task Batch_WithKeys_PublishesEachOnce_AndAConflictHarmsOnlyItself()
    {
        var room = Rooms.New();

        var results = await PublishAsync(
            new JsonObject { ["room"] = room, ["payload"] = "a", ["key"] = "k" },
            new JsonObject { ["room"] = room, ["payload"] = "a", ["key"] = "k" },
            new JsonObject { ["room"] = room, ["payload"] = "b", ["key"] = "k" },
            new JsonObject { ["room"] = room, ["payload"] = "c", ["key"] = null });

        Assert.Equal((results[0].Text("id"), 1), (results[1].Text("id"), results[1].Integer("offset")));
        Assert.Equal(("conflict", 409, "urn:fanout:problem:conflict", false), Problem(results[2]));
        Assert.Equal(2, results[3].Integer("offset"));
    }

    // The key that a call's header holds is the same key in a batch.
    [Fact]
    public async Task Batch_WithTheKeyOfASinglePublish_RepeatsThat()
    {
        var room = Rooms.New();
        var first = (await nodes.First.Api.PublishAsync(room, "once", "k")).Ok;

        var results = await PublishAsync(new JsonObject { ["room"] = room, ["payload"] = "once", ["key"] = "k" });

        Assert.Equal(first.Text("id"), results[0].Text("id"));
    }

    [Fact]
    public async Task Batch_WithAnExclude_LeavesThatConnectionOut_OfThatMessage()
    {
        var room = Rooms.New();
        await using var excluded = await nodes.First.JoinAsync(room);

        await PublishAsync(
            new JsonObject { ["room"] = room, ["payload"] = "without", ["exclude"] = excluded.ClientId },
            new JsonObject { ["room"] = room, ["payload"] = "with", ["exclude"] = null });

        Assert.Equal("with", (await excluded.ExpectTypeAsync("message", room)).Text("payload"));
    }

    // A bad one among good ones: it is told what it did, and the others are published.
    [Theory]
    [InlineData("""7""", 400, "bad_message")]
    [InlineData("""null""", 400, "bad_message")]
    [InlineData("""["room","payload"]""", 400, "bad_message")]
    [InlineData("""{}""", 400, "bad_message")]
    [InlineData("""{"payload":1}""", 400, "bad_message")]
    [InlineData("""{"room":"r","user":"u","payload":1}""", 400, "bad_message")]
    [InlineData("""{"room":null,"user":null,"payload":1}""", 400, "bad_message")]
    [InlineData("""{"room":"r"}""", 400, "bad_message")]
    [InlineData("""{"room":7,"payload":1}""", 400, "bad_message")]
    [InlineData("""{"room":{"a":[1]},"payload":1}""", 400, "bad_message")]
    [InlineData("""{"room":"r","payload":1,"Room":"r"}""", 400, "bad_message")]
    [InlineData("""{"room":"r","payload":1,"ttl":{"deep":[1,{"room":"x"}]}}""", 400, "bad_message")]
    [InlineData("""{"room":"r","room":"r","payload":1}""", 400, "bad_message")]
    [InlineData("""{"room":"r","payload":1,"payload":2}""", 400, "bad_message")]
    [InlineData("""{"room":"r","payload":1,"key":""}""", 400, "bad_message")]
    [InlineData("""{"room":"r","payload":1,"key":"a\u0001b"}""", 400, "bad_message")]
    [InlineData("""{"room":"r","payload":1,"exclude":""}""", 400, "bad_message")]
    [InlineData("""{"room":"r","payload":1,"exclude":"ü"}""", 400, "bad_message")]
    [InlineData("""{"room":"r","payload":1e999}""", 400, "bad_message")]
    [InlineData("""{"room":"r","payload":"\ud800"}""", 400, "bad_message")]
    [InlineData("""{"room":"\ud800","payload":1}""", 400, "bad_message")]
    [InlineData("""{"\ud800":"r","payload":1}""", 400, "bad_message")]
    [InlineData("""{"user":"","payload":1}""", 400, "bad_message")]
    [InlineData("""{"room":"","payload":1}""", 400, "bad_room")]
    [InlineData("""{"room":"a room","payload":1}""", 400, "bad_room")]
    [InlineData("""{"room":"$user.","payload":1}""", 400, "bad_room")]
    [InlineData("""{"room":"$user.=41","payload":1}""", 400, "bad_room")]
    [InlineData("""{"room":"$ops","payload":1}""", 403, "forbidden")]
    public async Task Item_ThatIsBad_HarmsOnlyItself(string item, int status, string code)
    {
        var room = Rooms.New();
        var answer = (await memory.Node.Api.SendAsync(
            HttpMethod.Post, "/api/v1/messages", $$"""[{"room":"{{room}}","payload":1},{{item}},{"room":"{{room}}","payload":2}]""")).Ok;

        var results = answer["results"]!.AsArray().Select(result => result!.AsObject()).ToList();
        Assert.Equal(3, results.Count);
        Assert.Equal((1, 2), (results[0].Integer("offset"), results[2].Integer("offset")));
        Assert.Equal((code, status, $"urn:fanout:problem:{code}", false), Problem(results[1]));
        Assert.NotEmpty(results[1].Text("detail")!);
        Assert.NotEmpty(results[1].Text("title")!);
    }

    [Theory]
    [InlineData(63, true)]
    [InlineData(64, false)]
    [InlineData(900, false)]
    public async Task Item_ThatNestsTooDeep_HarmsOnlyItself(int levels, bool isTaken)
    {
        var room = Rooms.New();
        var deep = new string('[', levels) + new string(']', levels);
        var answer = (await memory.Node.Api.SendAsync(
            HttpMethod.Post, "/api/v1/messages", $$"""[{"room":"{{room}}","payload":{{deep}}},{"room":"{{room}}","payload":2}]""")).Ok;

        var results = answer["results"]!.AsArray().Select(result => result!.AsObject()).ToList();
        Assert.Equal(isTaken, results[0].ContainsKey("id"));
        Assert.Equal(isTaken ? 2 : 1, results[1].Integer("offset"));
    }

    [Fact]
    public async Task Item_OverTheSizeLimit_HarmsOnlyItself()
    {
        var room = Rooms.New();
        var answer = (await memory.Node.Api.PublishBatchAsync(
            [new JsonObject { ["room"] = room, ["payload"] = new string('x', 1024 * 1024) }, new JsonObject { ["room"] = room, ["payload"] = 2 }])).Ok;

        var results = answer["results"]!.AsArray().Select(result => result!.AsObject()).ToList();
        Assert.Equal(("too_large", 413, "urn:fanout:problem:too_large", false), Problem(results[0]));
        Assert.Equal(1, results[1].Integer("offset"));
    }

    [Fact]
    public async Task Item_OfBadUtf8_HarmsOnlyItself()
    {
        var room = Rooms.New();
        byte[] body = [.. System.Text.Encoding.ASCII.GetBytes($$"""[{"room":"{{room}}","payload":"""), (byte)'"', 0xC3, (byte)'"', .. System.Text.Encoding.ASCII.GetBytes($$"""},{"room":"{{room}}","payload":2}]""")];

        var answer = (await memory.Node.Api.PostBytesAsync("/api/v1/messages", body)).Ok;

        var results = answer["results"]!.AsArray().Select(result => result!.AsObject()).ToList();
        Assert.Equal(("bad_message", 400, "urn:fanout:problem:bad_message", false), Problem(results[0]));
        Assert.Equal(1, results[1].Integer("offset"));
    }

    // Several segments of Kestrel's buffers, and far over the limit of one message.
    [Fact]
    public async Task Batch_OfManyMegabytes_IsTaken()
    {
        var room = Rooms.New();
        var text = new string('x', 15 * 1024);

        var answer = (await memory.Node.Api.PublishBatchAsync([.. Enumerable.Range(0, 1000).Select(_ => new JsonObject { ["room"] = room, ["payload"] = text })])).Ok;

        Assert.Equal(1000, (int)answer["results"]!.AsArray()[^1]!["offset"]!);
    }

    [Fact]
    public async Task Batch_ToEverybody_ReachesEverybody()
    {
        await using var client = await nodes.Second.ConnectAsync();

        var results = await PublishAsync(new JsonObject { ["room"] = "$all", ["payload"] = "batch for all" });

        Assert.Equal(2, results[0].Integer("nodes"));
        await client.ExpectAsync(message => message.Text("payload") == "batch for all", "the message for all");
    }

    private async Task<IReadOnlyList<JsonObject>> PublishAsync(params JsonObject[] items)
    {
        var answer = (await nodes.First.Api.PublishBatchAsync([.. items])).Ok;
        return [.. answer["results"]!.AsArray().Select(result => result!.AsObject())];
    }

    private static (string? Code, long? Status, string? Type, bool? Retryable) Problem(JsonObject result) =>
        (result.Text("code"), result.Integer("status"), result.Text("type"), result.Flag("retryable"));
}
