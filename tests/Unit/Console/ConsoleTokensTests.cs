using Fanout.Node.Api;
using Fanout.Node.Console;
using Microsoft.Extensions.FileProviders;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Fanout.Tests.Unit.Console;

public sealed class ConsoleTokensTests
{
    private static readonly ApiKeyOptions Admin = new() { Name = "ops", Key = "an admin's key", Scopes = ["admin", "read"] };
    private static readonly ApiKeyOptions Reader = new() { Name = "reader", Key = "a reader's key", Scopes = ["read"] };

    private readonly FakeTimeProvider _time = new(DateTimeOffset.UnixEpoch.AddYears(56));

    [Fact]
    public async Task Token_OfOneNode_IsTakenByAnotherWithTheSameKeys()
    {
        var token = Node(Admin).Issue(Admin);

        var principal = await Node(Reader, Admin).CheckAsync(token.Text);

        Assert.NotNull(principal);
        Assert.True(principal.IsOperator);
        Assert.Null(principal.UserId);
        Assert.Equal(token.ExpiresAt, principal.ExpiresAt);
    }

    [Fact]
    public async Task Operator_MayWhatItsKeyMay()
    {
        var principal = await Node(Admin).CheckAsync(Node(Admin).Issue(Admin).Text);

        Assert.True(principal!.MayJoin("$ops"));
        Assert.True(principal.MayJoin("$ops.events"));
        Assert.True(principal.MayJoin("chat"));
        Assert.True(principal.MayJoin("$user.ann"));
        Assert.False(principal.MayPublish("chat")); // The key has no scope 'publish'.
        Assert.False(principal.MayPublish("$ops"));
        Assert.Equal("api.ops", principal.KeyScope);
    }

    [Fact]
    public async Task Token_AfterItsTime_IsRefused()
    {
        var node = Node(Admin);
        var token = node.Issue(Admin).Text;

        _time.Advance(ConsoleTokens.Lifetime - TimeSpan.FromSeconds(1));
        Assert.NotNull(await node.CheckAsync(token));
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.Null(await node.CheckAsync(token));
    }

    // A key that was taken away, replaced under its name, or lost the scope takes its tokens with it.
    [Fact]
    public async Task Token_OfAKeyThatIsNoMore_IsRefused()
    {
        var token = Node(Admin).Issue(Admin).Text;

        Assert.Null(await Node(Reader).CheckAsync(token));
        Assert.Null(await Node(new ApiKeyOptions { Name = "ops", Key = "another key", Scopes = ["admin"] }).CheckAsync(token));
        Assert.Null(await Node(new ApiKeyOptions { Name = "ops", Key = Admin.Key, Scopes = ["read"] }).CheckAsync(token));
    }

    [Theory]
    [InlineData("console.")]
    [InlineData("console.x")]
    [InlineData("console.x.y.z")]
    [InlineData("console.eyJhbGciOiJub25lIn0.e30.")]
    [InlineData("console.eyJhbGciOiJIUzI1NiJ9.e30.AAAA")]
    [InlineData("console.eyJhbGciOiJIUzI1NiIsImtpZCI6Im9wcyJ9.e30.AAAA")]
    [InlineData("console.eyJhbGciOiJub25lIiwia2lkIjoib3BzIn0.eyJhdWQiOiJmYW5vdXQtY29uc29sZSIsImV4cCI6OTk5OTk5OTk5OX0.")]
    public async Task Rubbish_IsRefused(string token) => Assert.Null(await Node(Admin).CheckAsync(token));

    [Fact]
    public async Task Token_WithAChangedPart_IsRefused()
    {
        var parts = Node(Admin).Issue(Admin).Text.Split('.');
        var signature = parts[3].ToCharArray();
        signature[5] = signature[5] == 'A' ? 'B' : 'A';

        Assert.Null(await Node(Admin).CheckAsync($"{parts[0]}.{parts[1]}.{parts[2]}.{new string(signature)}"));
    }

    private ConsoleTokens Node(params ApiKeyOptions[] keys) => new(new ApiKeys(new ApiOptions { Keys = [.. keys] }, new Production()), _time);

    private sealed class Production : IHostEnvironment
    {
        public string EnvironmentName { get; set; } = "Production";

        public string ApplicationName { get; set; } = "";

        public string ContentRootPath { get; set; } = "";

        public IFileProvider ContentRootFileProvider { get; set; } = new NullFileProvider();
    }
}
