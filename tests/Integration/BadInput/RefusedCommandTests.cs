using System.Text.Json.Nodes;
using Fanout.Tests.Integration.Support;
using Fanout.Tests.TestKit.Clients;
using Fanout.Tests.TestKit.Clients.Wire;
using Xunit;

namespace Fanout.Tests.Integration.BadInput;

/// <summary>Messages that can be decoded and cannot be done, in both formats: an <c>error</c> with id and room, and nothing more.</summary>
public sealed class RefusedCommandTests(MemoryNode memory)
{
    public static TheoryData<string, string, string> Commands
    {
        get
        {
            var commands = new TheoryData<string, string, string>();
            foreach (var format in new[] { TestClientOptions.Json, TestClientOptions.Msgpack })
            {
                foreach (var (message, code) in Refused)
                    commands.Add(format, message, code);
            }

            return commands;
        }
    }

    private static readonly (string Message, string Code)[] Refused =
    [
        // Unknown types.
        ("""{"type":"dance","id":"1","room":"r"}""", "unknown_type"),
        ("""{"type":"Join","id":"1","room":"r"}""", "unknown_type"),
        ("""{"type":"message","id":"1","room":"r","payload":1}""", "unknown_type"),
        ($$"""{"type":"{{new string('t', 500)}}","id":"1"}""", "unknown_type"),

        // A room that is missing.
        ("""{"type":"join","id":"1"}""", "bad_room"),
        ("""{"type":"leave","id":"1"}""", "bad_room"),
        ("""{"type":"publish","id":"1","payload":1}""", "bad_room"),
        ("""{"type":"presence","id":"1"}""", "bad_room"),
        ("""{"type":"join","id":"1","room":""}""", "bad_room"),

        // Fields of a wrong type.
        ("""{"type":5,"id":"1"}""", "bad_message"),
        ("""{"type":null,"id":"1"}""", "bad_message"),
        ("""{"type":["join"],"id":"1"}""", "bad_message"),
        ("""{"type":"join","id":"1","room":7}""", "bad_message"),
        ("""{"type":"join","id":"1","room":{"name":"r"}}""", "bad_message"),
        ("""{"type":"publish","id":"1","room":"r","payload":1,"echo":"no"}""", "bad_message"),
        ("""{"type":"publish","id":"1","room":"r","payload":1,"key":5}""", "bad_message"),
        ("""{"type":"publish","id":"1","room":"r","payload":1,"key":""}""", "bad_message"),
        ("""{"type":"request","id":"1","method":true,"payload":1}""", "bad_message"),
        ("""{"type":"join","id":"1","room":"r","payload":"presence"}""", "bad_message"),
        ("""{"type":"join","id":"1","room":"r","payload":{"presence":"yes"}}""", "bad_message"),
        ("""{"type":"join","id":"1","room":"r","payload":{"since":5}}""", "bad_message"),
        ("""{"type":"join","id":"1","room":"r","payload":{"since":{"epoch":1,"offset":2}}}""", "bad_message"),
        ("""{"type":"join","id":"1","room":"r","payload":{"since":{"epoch":"e","offset":-2}}}""", "bad_message"),
        ("""{"type":"join","id":"1","room":"r","payload":{"since":{"last":"ten"}}}""", "bad_message"),
        ("""{"type":"presence","id":"1","room":"r","payload":{"limit":0}}""", "bad_message"),
        ("""{"type":"presence","id":"1","room":"r","payload":{"after":5}}""", "bad_message"),
        ("""{"type":"refresh","id":"1","payload":{"token":5}}""", "bad_message"),
        ("""{"type":"refresh","id":"1"}""", "bad_message"),

        // What is needed and not there.
        ("""{"type":"publish","id":"1","room":"r"}""", "bad_message"),
        ("""{"type":"leave","id":"1","room":"never-joined"}""", "not_joined"),
        ("""{"type":"request","id":"1","method":"add","payload":[1,2]}""", "method_not_found"),
    ];

    [Theory]
    [MemberData(nameof(Commands))]
    public async Task Command_ThatCannotBeDone_IsAnsweredWithItsCode(string subprotocol, string message, string code)
    {
        await using var neighbour = await Neighbour.MoveInAsync(memory.Node);
        await using var client = await memory.Node.JoinAsync(neighbour.Room, subprotocol);

        var answer = await client.RequestAsync(JsonNode.Parse(message)!, "error");

        Assert.Equal(("1", code), (answer.Text("id"), answer.Payload().Text("code")));
        Assert.NotEmpty(answer.Payload().Text("message")!);
        await client.PingAsync();
        await neighbour.SawNothingAsync();
    }

    public static TheoryData<string> IllegalNames =>
    [
        "a room", "a/b", "a*", "a,b", "a;b", "ümlaut", "a\nb", ".", "..", "$", "$.", "a$b", "{a}", "a%20b", new string('r', 129),
    ];

    [Theory]
    [MemberData(nameof(IllegalNames))]
    public async Task Room_WithAnIllegalName_IsRefusedByEveryCommand(string room)
    {
        foreach (var subprotocol in new[] { TestClientOptions.Json, TestClientOptions.Msgpack })
        {
            await using var client = await memory.Node.ConnectAsync(subprotocol);
            foreach (var type in new[] { "join", "leave", "publish", "presence" })
            {
                var answer = await client.RequestAsync(new { type, room, payload = new { } }, "error");
                Assert.Equal((room, "bad_room"), (answer.Text("room"), answer.Payload().Text("code")));
            }
        }
    }

    [Theory]
    [MemberData(nameof(Formats.Both), MemberType = typeof(Formats))]
    public async Task Id_OfAWrongKind_IsABadMessageWithoutAnId(string subprotocol)
    {
        await using var client = await memory.Node.ConnectAsync(subprotocol);

        foreach (var id in new JsonNode?[] { 7, "", new string('i', 65), true, null, new JsonArray() })
        {
            await client.SendAsync(new JsonObject { ["type"] = "ping", ["id"] = id });
            var error = await client.ExpectTypeAsync("error");
            Assert.Equal(("bad_message", false), (error.Payload().Text("code"), error.ContainsKey("id")));
        }

        Assert.Equal(64, (await client.RequestAsync(new { type = "ping", id = new string('i', 64) })).Text("id")!.Length);
    }

    // What is answered needs an id to be answered to.
    [Theory]
    [InlineData("join")]
    [InlineData("leave")]
    [InlineData("presence")]
    [InlineData("refresh")]
    public async Task Command_WithoutAnId_IsABadMessage(string type)
    {
        foreach (var subprotocol in new[] { TestClientOptions.Json, TestClientOptions.Msgpack })
        {
            await using var client = await memory.Node.ConnectAsync(subprotocol);

            await client.SendAsync(new { type, room = "r", payload = new { token = "t" } });

            Assert.Equal("bad_message", (await client.ExpectTypeAsync("error")).Payload().Text("code"));
        }
    }

    [Theory]
    [MemberData(nameof(Formats.Both), MemberType = typeof(Formats))]
    public async Task Join_FromAPosition_WhenJoinedAlready_IsRefused(string subprotocol)
    {
        var room = Rooms.New();
        await using var client = await memory.Node.JoinAsync(room, subprotocol);

        var error = await client.RequestErrorAsync(new { type = "join", room, payload = new { since = new { epoch = "e", offset = 1 } } });

        Assert.Equal("already_joined", error.Text("code"));
        await client.PublishAsync(room, 1);
        await client.WaitForMessagesAsync(room, 1);
    }

    [Theory]
    [InlineData("CB7FF8000000000000", "NaN")]
    [InlineData("CA7F800000", "infinity")]
    [InlineData("D40100", "an extension")]
    [InlineData("810102", "a map whose key is a number")]
    [InlineData("A2FFFE", "text that is not UTF-8")]
    public async Task Publish_OfMsgpackThatJsonCannotCarry_IsRefused(string hex, string what)
    {
        Assert.NotEmpty(what);
        await using var neighbour = await Neighbour.MoveInAsync(memory.Node);
        await using var client = await memory.Node.ConnectAsync(TestClientOptions.Msgpack);

        await client.SendAsync(new JsonObject
        {
            ["type"] = "publish",
            ["room"] = neighbour.Room,
            ["payload"] = Msgpack.Raw(Convert.FromHexString(hex)),
        });

        Assert.Equal("bad_message", (await client.ExpectTypeAsync("error")).Payload().Text("code"));
        await client.PingAsync();
        await neighbour.SawNothingAsync();
    }

    // Fields that nobody knows are ignored: newer clients may send them.
    [Theory]
    [MemberData(nameof(Formats.Both), MemberType = typeof(Formats))]
    public async Task UnknownFields_AreIgnored(string subprotocol)
    {
        await using var client = await memory.Node.ConnectAsync(subprotocol);

        var answer = await client.RequestAsync(
            JsonNode.Parse("""{"future":{"a":[1,{"type":"leave"}]},"type":"ping","id":"1","Type":"join"}""")!, "pong");

        Assert.Equal("1", answer.Text("id"));
    }
}
