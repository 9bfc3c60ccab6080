using System.Text.Json.Nodes;
using Fanout.Tests.Cli.Support;
using Fanout.Tests.TestKit;
using Fanout.Tests.TestKit.Nodes;
using Xunit;

namespace Fanout.Tests.Cli.Commands;

[Collection(Installation.Name)]
public sealed class SubTests(Installation fanout)
{
    [Fact]
    public async Task Messages_AreLinesOfJson_LiveFromSeveralRooms()
    {
        await using var sub = fanout.Tool().Start("sub", "sub.a", "sub.b", "--json", "--count", "2");
        Assert.Equal(["joined sub.a", "joined sub.b"], (await Task.WhenAll(Next(sub), Next(sub))).Select(json => $"{json["type"]} {json["room"]}").Order(StringComparer.Ordinal));

        (await fanout.RunAsync("pub", "sub.b", """{"n": 1.50}""")).Expect(0);
        var line = await sub.NextLineAsync();
        Assert.Contains("""1.50""", line, StringComparison.Ordinal);
        var first = JsonNode.Parse(line)!;
        Assert.Equal(("message", "sub.b", 1L, 32), ((string?)first["type"], (string?)first["room"], (long)first["offset"]!, ((string)first["epoch"]!).Length));
        await using var ann = await fanout.ConnectAsync("ann");
        await ann.PublishAsync("sub.a", "hi");

        var second = await Next(sub);
        Assert.Equal(("sub.a", "hi", "ann"), ((string?)second["room"], (string?)second["payload"], (string?)second["from"]!["userId"]));
        (await sub.WaitAsync()).Expect(0);
    }

    private static async Task<JsonNode> Next(ToolProcess sub) => JsonNode.Parse(await sub.NextLineAsync())!;

    [Fact]
    public async Task Piped_MessagesAreLinesOfValues()
    {
        (await fanout.RunAsync("pub", "sub.values", """{"a":1}""")).Expect(0);

        var result = (await fanout.RunAsync("sub", "sub.values", "--since", "last:5", "--count", "1")).Expect(0);

        var values = Assert.Single(result.Values);
        Assert.Equal(("message", "sub.values", "1", """{"a":1}"""), (values[0], values[1], values[2], values[6]));
    }

    [Fact]
    public async Task Since_BeginsWithTheNewest_OrBehindAPosition()
    {
        (await fanout.Tool().RunWithInputAsync("1\n2\n3\n4\n5\n", "pub", "sub.since", "--ndjson")).Expect(0);
        var epoch = (string)(await fanout.RunAsync("rooms", "sub.since", "--json")).Expect(0).Json["epoch"]!;

        var last = (await fanout.RunAsync("sub", "sub.since", "--since", "last:2", "--count", "2")).Expect(0);
        var behind = (await fanout.RunAsync("sub", "sub.since", "--since", epoch + ";2", "--count", "3")).Expect(0);
        var inTheName = (await fanout.RunAsync("sub", $"sub.since;{epoch};4", "sub.other", "--count", "1")).Expect(0);

        Assert.Equal(["4", "5"], last.Values.Select(values => values[6]));
        Assert.Equal(["3", "4", "5"], behind.Values.Select(values => values[6]));
        Assert.Equal(["5"], inTheName.Values.Select(values => values[6]));
    }

    [Fact]
    public async Task Since_APositionThatIsGone_IsToldAsAReset()
    {
        await using var sub = fanout.Tool().Start("sub", "sub.gone", "--since", "0123456789abcdef0123456789abcdef;7", "--json", "--timeout", "60s");

        var types = new List<string?>();
        while (!types.Contains("reset"))
            types.Add((string?)(await Next(sub))["type"]);

        Assert.Contains("joined", types);
    }

    [Fact]
    public async Task Presence_ShowsWhoComesAndGoes()
    {
        await using var sub = fanout.Tool().Start("sub", "lobby.sub", "--presence", "--json");
        Assert.Equal("joined", (string?)(await Next(sub))["type"]);

        await using (var ann = await fanout.ConnectAsync("ann", "lobby.sub"))
        {
            var came = await UntilAsync(sub, "presence.join", "ann");
            Assert.Equal((ann.ClientId, "ann"), ((string?)came["payload"]!["clientId"], (string?)came["payload"]!["info"]!["name"]));
        }

        await UntilAsync(sub, "presence.leave", "ann");
    }

    private static async Task<JsonNode> UntilAsync(ToolProcess sub, string type, string user)
    {
        while (true)
        {
            var json = await Next(sub);
            if ((string?)json["type"] == type && (string?)json["payload"]!["userId"] == user)
                return json;
        }
    }

    [Fact]
    public async Task WithoutRooms_ListensToItsOwnUser()
    {
        await using var sub = fanout.Tool().With("FANOUT_TOKEN", Tokens.For("sub-own")).Start("sub", "--count", "1", "--json");
        Assert.Equal("$user.sub-own", (string?)(await Next(sub))["room"]);

        (await fanout.RunAsync("pub", "--user", "sub-own", "\"ding\"")).Expect(0);

        Assert.Equal("ding", (string?)(await Next(sub))["payload"]);
        (await sub.WaitAsync()).Expect(0);
    }

    [Theory]
    [InlineData("")]
    [InlineData("--presence")]
    public async Task WithoutRooms_SinceLast_BeginsWithWhatWasPushedBefore(string option)
    {
        var user = "sub-before" + option;
        foreach (var text in new[] { "\"one\"", "\"two\"", "\"three\"" })
            (await fanout.RunAsync("pub", "--user", user, text)).Expect(0);

        string[] options = option.Length > 0 ? [option] : [];
        var result = (await fanout.Tool().With("FANOUT_TOKEN", Tokens.For(user)).RunAsync(["sub", "--since", "last:2", "--count", "2", .. options])).Expect(0);

        Assert.Equal(["\"two\"", "\"three\""], result.Values.Where(values => values[0] == "message").Select(values => values[6]));
    }

    [Fact]
    public async Task CtrlC_EndsIt_With130_AndAPoliteClose()
    {
        await using var sub = fanout.Tool().Start("sub", "sub.ctrlc", "--json");
        await sub.NextLineAsync();

        sub.Interrupt();

        Assert.Empty((await sub.WaitAsync()).Expect(130).Error);
        // It left; its connection did not just die.
        await Eventually.TrueAsync(async () => (await fanout.RunAsync("members", "sub.ctrlc")).Expect(0).Output.Length == 0, "the room to be empty");
    }

    [Fact]
    public async Task Sigterm_EndsIt_With143()
    {
        await using var sub = fanout.Tool().Start("sub", "sub.sigterm", "--json");
        await sub.NextLineAsync();

        sub.Terminate();

        (await sub.WaitAsync()).Expect(143);
    }

    [Fact]
    public async Task Reader_ThatHasEnough_EndsIt_ThoughNothingMoreComes()
    {
        (await fanout.RunAsync("pub", "sub.head", "1", "--count", "3")).Expect(0);
        await using var shell = fanout.Tool().StartShell("set -o pipefail; fanout sub sub.head --since last:3 | head -n 1; echo \"${PIPESTATUS[0]}\"");

        var result = (await shell.WaitAsync()).Expect(0);

        Assert.Equal(2, result.Lines.Length);
        Assert.Equal("0", result.Lines[1]);
    }

    [Fact]
    public async Task Timeout_EndsIt_AsFailedWhereMessagesAreMissing()
    {
        (await fanout.RunAsync("sub", "sub.quiet", "--timeout", "5s")).Expect(0);
        var result = (await fanout.RunAsync("sub", "sub.quiet", "--timeout", "5s", "--count", "1")).Expect(1);

        Assert.Contains("0 of 1", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Connection_ThatIsLost_ComesBack_AndNothingIsMissed()
    {
        // Not among the shared ones: a node that was killed is in their list for a while.
        NodeOptions Options(string name) => Installation.Options(name).WithRedis(fanout.Redis.ConnectionString, fanout.Redis.Prefix + "lost:");
        await using var other = await NodeProcess.StartAsync(Options("other"));
        await using var node = await NodeProcess.StartAsync(Options("lost") with { Urls = LastingPort.FreeUrl() });
        await using var sub = fanout.Tool().With("FANOUT_URL", node.BaseUri.AbsoluteUri).Start("sub", "sub.lost", "--json");
        await sub.NextLineAsync();
        await node.KillAsync();
        (await fanout.Tool().With("FANOUT_URL", other.BaseUri.AbsoluteUri).RunAsync("pub", "sub.lost", "\"meanwhile\"")).Expect(0);

        await using var again = await NodeProcess.StartAsync(Options("again") with { Urls = node.BaseUri.AbsoluteUri });

        var joined = await Next(sub);
        Assert.Equal(("joined", true), ((string?)joined["type"], (bool)joined["payload"]!["recovered"]!));
        Assert.Equal("meanwhile", (string?)(await Next(sub))["payload"]);
    }

    [Fact]
    public async Task Token_ThatDoesNotGrantTheRoom_IsRefused()
    {
        var result = (await fanout.Tool().With("FANOUT_TOKEN", Tokens.For("ann", rooms: "other.*")).RunAsync("sub", "sub.forbidden", "--json")).Expect(3);

        Assert.Equal("forbidden", (string?)result.JsonError["code"]);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("no-token")]
    public async Task Token_ThatIsMissingOrWrong_IsRefused_AndNeverRepeated(string? token)
    {
        var result = (await fanout.Tool().With("FANOUT_TOKEN", token).RunAsync("sub", "room", "--json")).Expect(3);

        Assert.Equal(401, (int)result.JsonError["status"]!);
        Assert.DoesNotContain("no-token", result.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("no room name", "sub", "no room")]
    [InlineData("--since must be", "sub", "room", "--since", "yesterday")]
    [InlineData("--since last:n", "sub", "room", "--since", "last:0")]
    [InlineData("belongs to one room", "sub", "a", "b", "--since", "0123456789abcdef;7")]
    [InlineData("named twice", "sub", "a", "a")]
    [InlineData("--timeout must be longer", "sub", "a", "--timeout", "0")]
    public async Task Arguments_ThatMakeNoSense_AreRefused(string words, params string[] arguments) =>
        Assert.Contains(words, (await fanout.RunAsync(arguments)).Expect(2).Error, StringComparison.Ordinal);
}
