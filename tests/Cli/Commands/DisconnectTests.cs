using Fanout.Tests.Cli.Support;
using Xunit;

namespace Fanout.Tests.Cli.Commands;

[Collection(Installation.Name)]
public sealed class DisconnectTests(Installation fanout)
{
    private const int ByOperator = 4503;

    [Fact]
    public async Task Connection_OnAnotherNode_IsClosed()
    {
        await using var ann = await fanout.ConnectAsync("disconnect-ann");

        var result = (await fanout.RunAsync("disconnect", ann.ClientId)).Expect(0);

        Assert.Equal("1\ttrue\n", result.Output);
        Assert.Equal(ByOperator, (await ann.WaitForCloseAsync()).Code);
    }

    [Fact]
    public async Task Connection_ThatDoesNotExist_Fails()
    {
        var result = (await fanout.RunAsync("disconnect", "nobody", "--json")).Expect(1);

        Assert.Equal(("not_found", 404, 1), ((string?)result.JsonError["code"], (int)result.JsonError["status"]!, (int)result.JsonError["exitCode"]!));
    }

    [Fact]
    public async Task User_StaysOut_UntilItIsLifted()
    {
        await using var ann = await fanout.ConnectAsync("disconnect-bob");

        Assert.Equal(1, (int)(await fanout.RunAsync("disconnect", "--user", "disconnect-bob", "--revoke-for", "10m", "--json")).Expect(0).Json["connections"]!);
        Assert.Equal(ByOperator, (await ann.WaitForCloseAsync()).Code);
        var outside = (await fanout.Tool().With("FANOUT_TOKEN", Tokens.For("disconnect-bob")).RunAsync("sub", "room", "--json")).Expect(3);
        Assert.Equal(403, (int)outside.JsonError["status"]!);

        (await fanout.RunAsync("disconnect", "--user", "disconnect-bob", "--lift")).Expect(0);
        await using var again = await fanout.ConnectAsync("disconnect-bob");
    }

    [Fact]
    public async Task WithoutTheScope_IsRefused()
    {
        var result = (await fanout.Tool().With("FANOUT_API_KEY", Installation.ReaderKey).RunAsync("disconnect", "--user", "ann")).Expect(3);

        Assert.Contains("'admin'", result.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("disconnect")]
    [InlineData("disconnect", "id", "--user", "ann")]
    [InlineData("disconnect", "id", "--revoke-for", "10m")]
    [InlineData("disconnect", "id", "--lift")]
    [InlineData("disconnect", "--user", "ann", "--lift", "--revoke-for", "10m")]
    [InlineData("disconnect", "--user", "ann", "--revoke-for", "soon")]
    public async Task Arguments_ThatMakeNoSense_AreRefused(params string[] arguments) => (await fanout.RunAsync(arguments)).Expect(2);
}
