using System.Text.Json.Nodes;
using Fanout.Tests.Cli.Support;
using Fanout.Tests.TestKit.Clients;
using Xunit;

namespace Fanout.Tests.Cli.Commands;

[Collection(Installation.Name)]
public sealed class PubTests(Installation fanout)
{
    [Fact]
    public async Task Room_GetsTheArgument_AsItStands()
    {
        await using var member = await fanout.ConnectAsync("ann", "pub.argument");
        await member.ExpectTypeAsync("joined", "pub.argument");

        var result = (await fanout.RunAsync("pub", "pub.argument", """{"n": 1.50}""", "--json")).Expect(0);

        var message = await member.ExpectRawAsync("message", "pub.argument");
        Assert.Equal("""{"n": 1.50}""", message.RawPayloadText);
        Assert.Equal((message.Json.Text("id"), 1L), ((string?)result.Json["id"], (long)result.Json["offset"]!));
    }

    [Fact]
    public async Task Piped_TheAnswerIsOneLineOfValues()
    {
        var result = (await fanout.RunAsync("pub", "pub.values", "1")).Expect(0);

        var values = Assert.Single(result.Values);
        Assert.Equal("1", values[1]);
        Assert.Equal(32, values[2].Length);
    }

    [Fact]
    public async Task User_IsReachedOnTheOtherNode()
    {
        await using var ann = await fanout.ConnectAsync("pub-ann");
        await ann.ExpectTypeAsync("joined");

        var result = (await fanout.RunAsync("pub", "--user", "pub-ann", "17", "--json")).Expect(0);

        Assert.True((bool)result.Json["online"]!);
        Assert.Equal("17", await ann.ExpectPayloadAsync("$user.pub-ann"));
    }

    [Fact]
    public async Task Text_IsSentAsAJsonString()
    {
        (await fanout.Tool().RunWithInputAsync("say \"hi\"\n", "pub", "pub.text", "--text")).Expect(0);

        var history = (await fanout.RunAsync("history", "pub.text", "--json")).Expect(0);
        Assert.Equal("say \"hi\"", (string?)history.Json["items"]![0]!["payload"]);
    }

    [Fact]
    public async Task File_AndStandardInput_AreRead()
    {
        var file = Path.GetTempFileName();
        await File.WriteAllTextAsync(file, """[1, 2]""", TestContext.Current.CancellationToken);

        (await fanout.RunAsync("pub", "pub.file", "--file", file)).Expect(0);
        (await fanout.Tool().RunWithInputAsync("[3]", "pub", "pub.file", "-")).Expect(0);
        (await fanout.Tool().RunWithInputAsync("[4]", "pub", "pub.file")).Expect(0);

        Assert.Equal(["[1, 2]", "[3]", "[4]"], await PayloadsAsync("pub.file"));
        File.Delete(file);
    }

    [Fact]
    public async Task Key_MakesARepetitionTheSameMessage_AndAnotherPayloadAConflict()
    {
        var first = (await fanout.RunAsync("pub", "pub.key", "1", "--key", "order", "--json")).Expect(0);
        var second = (await fanout.RunAsync("pub", "pub.key", "1", "--key", "order", "--json")).Expect(0);
        var other = (await fanout.RunAsync("pub", "pub.key", "2", "--key", "order", "--json")).Expect(1);

        Assert.Equal((string?)first.Json["id"], (string?)second.Json["id"]);
        Assert.Equal(("conflict", 409), ((string?)other.JsonError["code"], (int)other.JsonError["status"]!));
    }

    [Fact]
    public async Task Exclude_SparesOneConnection()
    {
        await using var spared = await fanout.ConnectAsync("eve", "pub.exclude");
        await using var other = await fanout.ConnectAsync("ann", "pub.exclude");
        await spared.ExpectTypeAsync("joined", "pub.exclude");
        await other.ExpectTypeAsync("joined", "pub.exclude");

        (await fanout.RunAsync("pub", "pub.exclude", "1", "--exclude", spared.ClientId)).Expect(0);
        (await fanout.RunAsync("pub", "pub.exclude", "2")).Expect(0);

        Assert.Equal("1", await other.ExpectPayloadAsync("pub.exclude"));
        Assert.Equal("2", await spared.ExpectPayloadAsync("pub.exclude"));
    }

    [Fact]
    public async Task Ndjson_PublishesALineAMessage_InOrder_AndARepetitionNothing()
    {
        var lines = string.Concat(Enumerable.Range(1, 1200).Select(n => $"{{\"n\":{n}}}\n\n"));

        foreach (var _ in new[] { 1, 2 })
        {
            var result = (await fanout.Tool().RunWithInputAsync(lines, "pub", "pub.ndjson", "--ndjson", "--key", "run", "--json")).Expect(0);
            Assert.Equal((1200, 0), ((int)result.Json["published"]!, (int)result.Json["refused"]!));
        }

        var room = (await fanout.RunAsync("rooms", "pub.ndjson", "--json")).Expect(0);
        Assert.Equal(1200, (int)room.Json["offset"]!);
        Assert.Equal(["""{"n":1199}""", """{"n":1200}"""], (await PayloadsAsync("pub.ndjson", "--last", "2")));
    }

    // A line must not wait for the next one.
    [Fact]
    public async Task Ndjson_IsSentWhenTheInputPauses()
    {
        await using var member = await fanout.ConnectAsync("ann", "pub.live");
        await member.ExpectTypeAsync("joined", "pub.live");
        await using var tool = fanout.Tool().Start("pub", "pub.live", "--ndjson");

        await tool.WriteAsync("1\n");
        Assert.Equal("1", await member.ExpectPayloadAsync("pub.live"));
        await tool.WriteAsync("2\n3");
        tool.CloseInput();

        Assert.Equal("2", await member.ExpectPayloadAsync("pub.live"));
        Assert.Equal("3", await member.ExpectPayloadAsync("pub.live"));
        Assert.Equal("3\t0\n", (await tool.WaitAsync()).Expect(0).Output);
    }

    [Fact]
    public async Task Ndjson_WithoutARoom_TakesItsTargetsFromTheLines_AndTellsWhichWereRefused()
    {
        const string Lines = """
            {"room":"pub.mixed","payload":1}
            {"room":"no room","payload":2}
            {"user":"pub-bob","payload":3,"key":"k"}
            """;

        var result = (await fanout.Tool().RunWithInputAsync(Lines, "pub", "--ndjson", "--json")).Expect(1);

        Assert.Equal((2, 1), ((int)result.Json["published"]!, (int)result.Json["refused"]!));
        var refusal = Assert.Single((JsonArray)result.Json["refusals"]!)!;
        Assert.Equal((2, "bad_room"), ((int)refusal["line"]!, (string?)refusal["code"]));
    }

    [Fact]
    public async Task Ndjson_WithALineThatIsNoJson_NamesIt_AfterSendingWhatWasBefore()
    {
        var result = (await fanout.Tool().RunWithInputAsync("1\n2\nthree\n4\n", "pub", "pub.broken", "--ndjson", "--json")).Expect(2);

        Assert.Contains("Line 3", (string?)result.JsonError["message"], StringComparison.Ordinal);
        Assert.Equal(["1", "2"], await PayloadsAsync("pub.broken"));
    }

    [Fact]
    public async Task Count_PublishesSoManyTimes()
    {
        var result = (await fanout.RunAsync("pub", "pub.count", "1", "--count", "2500")).Expect(0);

        Assert.Equal("2500\t0\n", result.Output);
        Assert.Equal(2500, (int)(await fanout.RunAsync("rooms", "pub.count", "--json")).Expect(0).Json["offset"]!);
    }

    [Theory]
    [InlineData("no JSON", "pub", "room", "hello")]
    [InlineData("empty", "pub", "room")]
    [InlineData("Where to", "pub")]
    [InlineData("not both", "pub", "room", "1", "--user", "ann")]
    [InlineData("cannot be read", "pub", "room", "--file", "/nowhere/to/be/found")]
    [InlineData("given twice", "pub", "room", "1", "--file", "/dev/null")]
    [InlineData("no payload and no --count", "pub", "room", "1", "--ndjson")]
    [InlineData("--batch must be 1 to 1000", "pub", "room", "--ndjson", "--batch", "1001")]
    [InlineData("--count must be", "pub", "room", "1", "--count", "0")]
    public async Task Arguments_ThatMakeNoSense_AreRefusedBeforeAnythingIsSent(string words, params string[] arguments)
    {
        var result = (await fanout.RunAsync(arguments)).Expect(2);

        Assert.Contains(words, result.Error, StringComparison.Ordinal);
        Assert.Empty(result.Output);
    }

    [Fact]
    public async Task Room_ThatIsNone_IsRefusedByTheNode()
    {
        var result = (await fanout.RunAsync("pub", "no room", "1", "--json")).Expect(1);

        Assert.Equal(("bad_room", 400), ((string?)result.JsonError["code"], (int)result.JsonError["status"]!));
    }

    private async Task<string[]> PayloadsAsync(string room, params string[] more) =>
        [.. (await fanout.RunAsync(["history", room, .. more])).Expect(0).Values.Select(values => values[4])];
}
