using System.Net;
using System.Text.Json.Nodes;
using Fanout.Tests.Integration.Support;
using Fanout.Tests.TestKit;
using Fanout.Tests.TestKit.Nodes;
using Fanout.Tests.TestKit.Redis;
using Xunit;

namespace Fanout.Tests.Integration.Observability;

/// <summary>The three probes through a life: no Redis yet, all well, Redis gone.</summary>
public sealed class HealthTests
{
    [Fact]
    public async Task Startup_TurnsOnce_Readiness_FollowsRedis_AndSaysWhy_Liveness_NeverAsks()
    {
        await using var redis = await OwnRedis.StartAsync();
        await redis.StopAsync();
        await using var node = await RunningNode.StartAsync(
            new NodeOptions { WaitUntilReady = false }.WithRedis(redis.ConnectionString).With(("Fanout:Health:NotReadyAfter", "00:00:00.5")));

        Assert.Equal((503, 503, 200), await ProbesAsync(node));
        Assert.Equal("not connected yet", (string?)(await BackplaneAsync(node))["detail"]);
        Assert.False((bool)(await node.Api.GetAsync("/healthz/startup")).Body!["started"]!);

        await redis.StartAgainAsync();
        await node.Process.WaitUntilReadyAsync();
        Assert.Equal((200, 200, 200), await ProbesAsync(node));
        var healthySince = (DateTimeOffset)(await BackplaneAsync(node))["since"]!;

        await redis.KillAsync();
        await node.Process.WaitForReadinessAsync(HttpStatusCode.ServiceUnavailable);
        Assert.Equal((200, 503, 200), await ProbesAsync(node));
        var check = await BackplaneAsync(node);
        Assert.Equal(("degraded", false), ((string?)check["detail"], (bool)check["ok"]!));
        Assert.True((DateTimeOffset)check["since"]! > healthySince);
    }

    private static async Task<(int Startup, int Ready, int Live)> ProbesAsync(RunningNode node) =>
        (await StatusAsync(node, "startup"), await StatusAsync(node, "ready"), await StatusAsync(node, "live"));

    private static async Task<int> StatusAsync(RunningNode node, string probe) => (int)(await node.Api.GetAsync("/healthz/" + probe).WithDeadline(probe)).Status;

    private static async Task<JsonNode> BackplaneAsync(RunningNode node) =>
        ((JsonArray)(await node.Api.GetAsync("/healthz/ready")).Body!["checks"]!).Single(check => (string?)check!["name"] == "backplane")!;
}
