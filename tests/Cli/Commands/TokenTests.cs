using Fanout.Tests.Cli.Support;
using Fanout.Tests.TestKit.Clients;
using Xunit;

namespace Fanout.Tests.Cli.Commands;

[Collection(Installation.Name)]
public sealed class TokenTests(Installation fanout)
{
    private static FanoutTool Tool => new FanoutTool().With("FANOUT_SIGNING_KEY", Installation.SigningKey);

    [Fact]
    public async Task Token_IsTakenByANode_WithItsGrants()
    {
        var token = (await Tool.RunAsync("token", "--sub", "token-ann", "--join", "chat.*", "lobby.*", "--publish", "chat.1", "--presence", "lobby.*", "--info", """{"name":"Ann"}""", "--expires", "5m")).Expect(0).Output.Trim();

        await using var ann = await TestClient.ConnectAsync(fanout.First.BaseUri, new TestClientOptions { Token = token });
        Assert.Equal("token-ann", ann.UserId);
        await ann.JoinAsync("lobby.token", new { presence = true });
        await ann.PublishAsync("chat.1", 1);
        Assert.Equal("forbidden", (await ann.RequestErrorAsync(new { type = "publish", room = "chat.2", payload = 1 })).Text("code"));
        Assert.Equal("forbidden", (await ann.RequestErrorAsync(new { type = "join", room = "other" })).Text("code"));
        Assert.InRange(ann.Connected.Payload().Integer("expiresAt") ?? 0, DateTimeOffset.UtcNow.AddMinutes(3).ToUnixTimeMilliseconds(), DateTimeOffset.UtcNow.AddMinutes(6).ToUnixTimeMilliseconds());
    }

    // Where the node's Fanout:Rpc:Methods:*:Access is Granted.
    [Fact]
    public async Task Token_GrantsMethodsOfBackEnds()
    {
        var may = (await Tool.RunAsync("token", "--sub", "ann", "--join", "chat.*", "--request", "orders.add", "other")).Expect(0).Output.Trim();
        var mayNot = (await Tool.RunAsync("token", "--sub", "ann", "--join", "chat.*")).Expect(0).Output.Trim();

        Assert.Equal("upstream_failed", await AskAsync(may, "orders.add"));
        Assert.Equal("forbidden", await AskAsync(may, "orders.delete"));
        Assert.Equal("forbidden", await AskAsync(mayNot, "orders.add"));
        Assert.Contains("request\torders.add other", (await Tool.RunAsync("token", "--decode", may)).Expect(0).Output, StringComparison.Ordinal);

        async Task<string?> AskAsync(string token, string method)
        {
            await using var client = await TestClient.ConnectAsync(fanout.First.BaseUri, new TestClientOptions { Token = token });
            return (await client.RequestErrorAsync(new { type = "request", method })).Text("code");
        }
    }

    [Fact]
    public async Task Decode_ShowsWhatAnotherMade_AndChecksItsSignature()
    {
        var foreign = Tokens.For("ann", key: "another key that is long enough for it");

        var right = (await Tool.RunAsync("token", "--decode", Tokens.For("ann"), "--json")).Expect(0);
        var wrong = (await Tool.RunAsync("token", "--decode", foreign, "--json")).Expect(1);
        var unchecked_ = (await new FanoutTool().RunWithInputAsync(foreign + "\n", "token", "--decode", "--json")).Expect(0);

        Assert.Equal(("right", "ann", "HS256"), ((string?)right.Json["signature"], (string?)right.Json["claims"]!["sub"], (string?)right.Json["header"]!["alg"]));
        Assert.Equal("wrong", (string?)wrong.Json["signature"]);
        Assert.Equal("not_checked", (string?)unchecked_.Json["signature"]);
        // What it shows is no token any more.
        Assert.DoesNotContain(foreign.Split('.')[2], wrong.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Decode_OfOneThatHasEnded_Fails()
    {
        var token = (await Tool.RunAsync("token", "--sub", "ann", "--expires", "0s")).Expect(0).Output.Trim();

        var result = (await Tool.RunAsync("token", "--decode", token)).Expect(1);

        Assert.Contains("expired", result.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Whose token", "token")]
    [InlineData("no room pattern", "token", "--sub", "ann", "--join", "no room")]
    [InlineData("a method has 1 to 128", "token", "--sub", "ann", "--request", "")]
    [InlineData("--info is no JSON", "token", "--sub", "ann", "--info", "{")]
    [InlineData("no user of that name", "token", "--sub", "")]
    [InlineData("no duration", "token", "--sub", "ann", "--expires", "tomorrow")]
    [InlineData("exclude each other", "token", "--sub", "ann", "--expires", "1h", "--never-expires")]
    [InlineData("add --decode", "token", "a.b.c")]
    public async Task Arguments_ThatMakeNoSense_AreRefused(string words, params string[] arguments) =>
        Assert.Contains(words, (await Tool.RunAsync(arguments)).Expect(2).Error, StringComparison.Ordinal);

    [Fact]
    public async Task SigningKey_ThatIsMissingOrShort_IsRefused_AndNeverRepeated()
    {
        (await new FanoutTool().RunAsync("token", "--sub", "ann")).Expect(2);
        var result = (await new FanoutTool().RunAsync("token", "--sub", "ann", "--signing-key", "short-secret")).Expect(2);

        Assert.DoesNotContain("short-secret", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Decode_OfWhatIsNone_Fails_AndDoesNotRepeatIt()
    {
        var result = (await Tool.RunAsync("token", "--decode", "not-a-token", "--json")).Expect(1);

        Assert.Equal("bad_token", (string?)result.JsonError["code"]);
        Assert.DoesNotContain("not-a-token", result.Error, StringComparison.Ordinal);
    }
}
