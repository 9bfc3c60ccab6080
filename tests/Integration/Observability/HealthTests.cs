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

    [Fact]
    public async Task Readiness_SaysOfADrain_AndOfAnAuthority_SinceWhen()
    {
        await using var authority = await FakeAuthority.StartAsync(broken: true);
        await using var node = await RunningNode.StartAsync(new NodeOptions { WaitUntilReady = false }.With(
            ("Fanout:Auth:AllowAnonymous", "false"),
            ("Fanout:Auth:Jwt:Authority", authority.Url),
            ("Fanout:Drain:Notice", "00:10:00"),
            ("Fanout:Drain:Deadline", "00:20:00")));

        var unread = await CheckAsync(node, "authority");
        Assert.False((bool)unread["ok"]!);
        var serving = await CheckAsync(node, "drain");
        Assert.True((bool)serving["ok"]!);
        // As long as a check says the same, it says since when.
        Assert.Equal((string?)unread["since"], (string?)(await CheckAsync(node, "authority"))["since"]);

        // It goes on answering for the notice.
        node.Process.Terminate();
        await Eventually.TrueAsync(async () => !(bool)(await CheckAsync(node, "drain"))["ok"]!, "the drain in the readiness", context: node.Process.LogTail);
        var draining = await CheckAsync(node, "drain");
        Assert.NotEqual((string?)serving["detail"], (string?)draining["detail"]);
        Assert.True((DateTimeOffset)draining["since"]! > (DateTimeOffset)serving["since"]!);
    }

    private static async Task<(int Startup, int Ready, int Live)> ProbesAsync(RunningNode node) =>
        (await StatusAsync(node, "startup"), await StatusAsync(node, "ready"), await StatusAsync(node, "live"));

    private static async Task<int> StatusAsync(RunningNode node, string probe) => (int)(await node.Api.GetAsync("/healthz/" + probe).WithDeadline(probe)).Status;

    private static Task<JsonNode> BackplaneAsync(RunningNode node) => CheckAsync(node, "backplane");

    private static async Task<JsonNode> CheckAsync(RunningNode node, string name) =>
        ((JsonArray)(await node.Api.GetAsync("/healthz/ready")).Body!["checks"]!).Single(check => (string?)check!["name"] == name)!;
}
