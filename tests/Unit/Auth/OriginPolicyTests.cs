using Fanout.Node.Auth;
using Xunit;

namespace Fanout.Tests.Unit.Auth;

public sealed class OriginPolicyTests
{
    // Without a list: pages of the same host, and clients that are no browsers.
    [Theory]
    [InlineData(null, "app.example", true)]
    [InlineData("", "app.example", true)]
    [InlineData("https://app.example", "app.example", true)]
    [InlineData("https://APP.example", "app.example", true)]
    [InlineData("https://app.example", "app.example:443", true)]
    [InlineData("http://localhost:8080", "localhost:8080", true)]
    [InlineData("http://localhost:8080", "localhost", false)]
    [InlineData("https://evil.example", "app.example", false)]
    [InlineData("https://app.example.evil.example", "app.example", false)]
    [InlineData("https://evil.example/app.example", "app.example", false)]
    [InlineData("null", "app.example", false)]
    [InlineData("app.example", "app.example", false)]
    [InlineData("https://app.example", null, false)]
    public void Default_IsTheSameHost(string? origin, string? host, bool allowed) =>
        Assert.Equal(allowed, new OriginPolicy(new AuthOptions()).IsAllowed(origin, host));

    [Theory]
    [InlineData("https://app.example", true)]
    [InlineData("https://APP.EXAMPLE", true)]
    [InlineData("https://slash.example", true)]
    [InlineData("http://app.example", false)]
    [InlineData("https://other.example", false)]
    [InlineData("https://node.example", false)]
    [InlineData(null, true)]
    public void List_IsAllThatIsAllowed(string? origin, bool allowed)
    {
        var policy = new OriginPolicy(new AuthOptions { AllowedOrigins = ["https://app.example", "https://slash.example/"] });

        Assert.Equal(allowed, policy.IsAllowed(origin, "node.example"));
    }

    [Theory]
    [InlineData("https://anybody.example")]
    [InlineData("null")]
    public void Star_AllowsEverybody(string origin) =>
        Assert.True(new OriginPolicy(new AuthOptions { AllowedOrigins = ["*"] }).IsAllowed(origin, "node.example"));
}
