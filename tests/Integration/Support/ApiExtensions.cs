using System.Net;
using Fanout.Tests.TestKit.Api;
using Fanout.Tests.TestKit.Clients;
using Xunit;

namespace Fanout.Tests.Integration.Support;

internal static class ApiExtensions
{
    /// <summary>The answer is a problem with this status and this code, and its type says the same.</summary>
    public static void Refused(this ApiResponse response, int status, string code)
    {
        Assert.Equal(((HttpStatusCode)status, "application/problem+json"), (response.Status, response.ContentType));
        Assert.Equal(
            (code, status, $"urn:fanout:problem:{code}"),
            ((string?)response.Body?["code"], (int?)response.Body?["status"], (string?)response.Body?["type"]));
        Assert.NotEmpty((string?)response.Body?["detail"] ?? "");
        Assert.NotNull((bool?)response.Body?["retryable"]);
    }

    /// <summary>A client of the user that is in the user's room.</summary>
    public static async Task<TestClient> ConnectUserAsync(this RunningNode node, string user)
    {
        var client = await node.ConnectAsync(new TestClientOptions { Token = Tokens.For(user) });
        await client.ExpectTypeAsync("joined", $"$user.{user}");
        return client;
    }
}
