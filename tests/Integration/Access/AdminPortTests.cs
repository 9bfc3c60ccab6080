using System.Net;
using Fanout.Tests.Integration.Support;
using Fanout.Tests.TestKit.Api;
using Fanout.Tests.TestKit.Nodes;
using Xunit;

namespace Fanout.Tests.Integration.Access;

/// <summary><c>Fanout:Admin:Port</c>: what is for operators and back ends is not to be had on the public port.</summary>
public sealed class AdminPortTests
{
    private static readonly string[] AdminPaths = ["/api/v1/rooms", "/api/v1/nodes", "/metrics", "/healthz/live", "/healthz/ready"];

    [Theory]
    [InlineData(811, null)]
    [InlineData(812, "Kestrel:Endpoints:Public:Url")]
    public async Task WithAPortOfItsOwn_OnlyThatPortServesTheApi(int port, string? endpointSetting)
    {
        var options = new NodeOptions().With(("Fanout:Admin:Port", $"{port}"));
        if (endpointSetting is not null)
            options = options.With((endpointSetting, "http://127.0.0.1:0"));
        await using var node = await RunningNode.StartAsync(options);
        using var publicApi = new ApiClient(node.BaseUri);

        foreach (var path in AdminPaths)
        {
            Assert.Equal(HttpStatusCode.OK, (await node.Api.GetAsync(path)).Status);
            Assert.Equal(HttpStatusCode.NotFound, (await publicApi.GetAsync(path)).Status);
        }

        // The Host header is the client's word and opens nothing.
        var pretender = await publicApi.SendAsync(HttpMethod.Get, "/api/v1/rooms", headers: new Dictionary<string, string> { ["Host"] = $"127.0.0.1:{port}" });
        Assert.Equal(HttpStatusCode.NotFound, pretender.Status);

        // A client on the public port hears what is published on the other.
        await using var client = await node.JoinAsync("room");
        Assert.True((await node.Api.PublishAsync("room", 1)).IsSuccess);
        await client.ExpectTypeAsync("message", "room");
    }
}
