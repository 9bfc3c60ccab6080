using Fanout.Node.Auth;
using Fanout.Node.Backplane;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Fanout.Tests.Unit.Auth;

public sealed class RevokedUsersTests
{
    private readonly FakeTimeProvider _time = new();

    [Fact]
    public void User_StaysOut_UntilItsEnd()
    {
        var revoked = new RevokedUsers(_time);
        revoked.Replace([new Revocation("ann", TimeSpan.FromMinutes(1))]);

        Assert.True(revoked.IsRevoked("ann"));
        Assert.False(revoked.IsRevoked("Ann"));
        Assert.False(revoked.IsRevoked(null));
        _time.Advance(TimeSpan.FromMinutes(1));
        Assert.False(revoked.IsRevoked("ann"));
    }

    [Fact]
    public void List_IsReplacedAsAWhole()
    {
        var revoked = new RevokedUsers(_time);
        revoked.Replace([new Revocation("ann", TimeSpan.FromMinutes(1))]);

        revoked.Replace([new Revocation("bob", TimeSpan.FromMinutes(1))]);

        Assert.Equal((false, true), (revoked.IsRevoked("ann"), revoked.IsRevoked("bob")));
    }

    // The refresh of a connection whose close is on its way, and a handshake: both ask the same authenticator.
    [Fact]
    public async Task GoodToken_OfARevokedUser_IsTold_FromABadOne()
    {
        const string Key = "a signing key for tests, long enough for HS256";
        var revoked = new RevokedUsers(_time);
        var authenticator = new TokenAuthenticator(
            new AuthOptions { Jwt = new JwtOptions { SigningKey = Key } }, revoked, _time, NullLogger<TokenAuthenticator>.Instance);
        var token = Token(Key);
        Assert.Equal(AuthenticationOutcome.Accepted, (await authenticator.AuthenticateAsync(token)).Outcome);

        revoked.Replace([new Revocation("ann", TimeSpan.FromMinutes(1))]);

        Assert.Equal(AuthenticationOutcome.Revoked, (await authenticator.AuthenticateAsync(token)).Outcome);
        Assert.Equal(AuthenticationOutcome.Refused, (await authenticator.AuthenticateAsync(Token("another key, long enough for HS256 too"))).Outcome);
    }

    private static string Token(string key) => new Microsoft.IdentityModel.JsonWebTokens.JsonWebTokenHandler { SetDefaultTimesOnTokenCreation = false }.CreateToken(
        """{"sub":"ann"}""",
        new Microsoft.IdentityModel.Tokens.SigningCredentials(
            new Microsoft.IdentityModel.Tokens.SymmetricSecurityKey(System.Text.Encoding.UTF8.GetBytes(key)), "HS256"));
}
