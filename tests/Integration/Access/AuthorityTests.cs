using System.Net;
using System.Security.Cryptography;
using Fanout.Tests.Integration.Support;
using Fanout.Tests.TestKit;
using Fanout.Tests.TestKit.Clients;
using Fanout.Tests.TestKit.Nodes;
using Fanout.Tests.TestKit.Sockets;
using Microsoft.IdentityModel.Tokens;
using Xunit;

namespace Fanout.Tests.Integration.Access;

/// <summary><c>Fanout:Auth:Jwt:Authority</c>: tokens by the keys of an OpenID Connect authority, which rotates them and goes away at times.</summary>
public sealed class AuthorityTests
{
    [Fact]
    public async Task TokensOfTheAuthority_LetIn_AndNoOthers()
    {
        await using var authority = await FakeAuthority.StartAsync();
        await using var node = await RunningNode.StartAsync(Options(authority));

        await using (var client = await node.ConnectAsync(new TestClientOptions { Token = authority.TokenFor("ann") }))
            Assert.Equal("ann", client.Connected.Payload().Text("userId"));

        var stranger = new RsaSecurityKey(RSA.Create(2048)) { KeyId = authority.Key.KeyId };
        Assert.Equal(401, await StatusAsync(node, authority.TokenFor("ann", key: stranger)));
        Assert.Equal(401, await StatusAsync(node, authority.TokenFor("ann", issuer: "https://other.example")));
        Assert.Equal(401, await StatusAsync(node, authority.TokenFor("ann", audience: "other")));
        // A public key taken for a shared secret, which everybody knows.
        Assert.Equal(401, await StatusAsync(node, Tokens.For("ann", key: Convert.ToBase64String(authority.Key.Rsa.ExportRSAPublicKey()))));
        Assert.Equal(401, await StatusAsync(node, Tokens.For("ann", algorithm: "none")));
        Assert.Equal(401, await StatusAsync(node, "rubbish"));
        Assert.Equal(401, await StatusAsync(node, new string('a', 20_000)));
        await node.Process.WaitForLogAsync("its issuer is another");
        await node.Process.WaitForLogAsync("its audience is another");
    }

    [Fact]
    public async Task RotatedKeys_AreFetched_WhenATokenNamesThem()
    {
        await using var authority = await FakeAuthority.StartAsync();
        await using var node = await RunningNode.StartAsync(Options(authority));
        var before = authority.TokenFor("ann");
        Assert.Equal(101, await StatusAsync(node, before));

        authority.Rotate();

        // At once, but for the pause that keeps floods of made-up keys from the authority.
        await Eventually.ValueAsync(() => StatusAsync(node, authority.TokenFor("ann")), status => status == 101, "the new key to be known", context: node.Process.LogTail);
        Assert.Equal(401, await StatusAsync(node, before));
    }

    [Fact]
    public async Task TokensThatNameUnknownKeys_AreNotPassedOnToTheAuthority()
    {
        await using var authority = await FakeAuthority.StartAsync();
        await using var node = await RunningNode.StartAsync(Options(authority));
        Assert.Equal(101, await StatusAsync(node, authority.TokenFor("ann")));
        var reads = authority.Reads;

        for (var i = 0; i < 50; i++)
        {
            var unknown = new RsaSecurityKey(authority.Key.Rsa) { KeyId = $"made-up-{i}" };
            Assert.Equal(401, await StatusAsync(node, authority.TokenFor("ann", key: unknown)));
        }

        // One in five seconds, and fifty handshakes take less than half a minute.
        Assert.InRange(authority.Reads - reads, 0, 10);
    }

    [Fact]
    public async Task AuthorityThatIsAway_AtTheStart_MakesHandshakesWait_AndLater_KeepsItsKeys()
    {
        await using var authority = await FakeAuthority.StartAsync(broken: true);
        await using var node = await RunningNode.StartAsync(Options(authority) with { WaitUntilReady = false });
        // Other nodes may know the keys.
        Assert.Equal(HttpStatusCode.ServiceUnavailable, await node.Process.ReadinessAsync());

        await using (var peer = await RawWebSocket.OpenAsync(node.BaseUri))
        {
            var answer = await peer.UpgradeAsync(Request(node, authority.TokenFor("ann")));
            Assert.Equal((503, true), (answer.Status, answer.Header("Retry-After") is not null));
        }

        await node.Process.WaitForLogAsync("cannot be read");
        authority.IsBroken = false;
        await Eventually.ValueAsync(() => StatusAsync(node, authority.TokenFor("ann")), status => status == 101, "the keys to be read", context: node.Process.LogTail);

        await node.Process.WaitUntilReadyAsync();
        authority.IsBroken = true;
        Assert.Equal(101, await StatusAsync(node, authority.TokenFor("ann")));
    }

    // Moving from one kind of key to another without a break.
    [Fact]
    public async Task SharedKeyAndAuthority_StandSideBySide()
    {
        await using var authority = await FakeAuthority.StartAsync();
        await using var node = await RunningNode.StartAsync(Options(authority).With(("Fanout:Auth:Jwt:SigningKey", Tokens.SigningKey), ("Fanout:Auth:Jwt:Audience", null)));

        Assert.Equal(101, await StatusAsync(node, authority.TokenFor("ann")));
        Assert.Equal(101, await StatusAsync(node, Tokens.For("bob")));
        Assert.Equal(401, await StatusAsync(node, Tokens.For("bob", key: "another key, long enough for HS256 too")));
    }

    [Theory]
    [InlineData("http://issuer.example")]
    [InlineData("issuer.example")]
    [InlineData("ftp://issuer.example")]
    public async Task AuthorityThatIsNoHttpsUrl_StopsTheStart(string authority)
    {
        var error = await Assert.ThrowsAsync<NodeStartException>(() => NodeProcess.StartAsync(new NodeOptions().With(("Fanout:Auth:Jwt:Authority", authority))));

        Assert.Equal(78, error.ExitCode);
        Assert.Contains("Fanout:Auth:Jwt:Authority", error.Logs, StringComparison.Ordinal);
    }

    private static NodeOptions Options(FakeAuthority authority) => new NodeOptions().With(
        ("Fanout:Auth:AllowAnonymous", "false"), ("Fanout:Auth:Jwt:Authority", authority.Url), ("Fanout:Auth:Jwt:Audience", "fanout"));

    private static HandshakeRequest Request(RunningNode node, string token) => new HandshakeRequest(node.BaseUri, "/ws").Set("Authorization", "Bearer " + token);

    private static async Task<int> StatusAsync(RunningNode node, string token)
    {
        await using var peer = await RawWebSocket.OpenAsync(node.BaseUri);
        return (await peer.UpgradeAsync(Request(node, token))).Status;
    }
}
