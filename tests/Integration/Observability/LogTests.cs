using System.Globalization;
using System.Text.Json.Nodes;
using Fanout.Tests.Integration.Support;
using Fanout.Tests.TestKit;
using Fanout.Tests.TestKit.Nodes;
using Fanout.Tests.TestKit.Redis;
using StackExchange.Redis;
using Xunit;

namespace Fanout.Tests.Integration.Observability;

public sealed class LogTests(RedisFixture redis)
{
    [Fact]
    public async Task JsonConsole_IsOneObjectALine_WithTheEventsFields()
    {
        await using var node = await RunningNode.StartAsync(new NodeOptions().With(
            ("Logging:Console:FormatterName", "json"), ("Logging:LogLevel:Fanout", "Debug")));
        await using (var client = await node.ConnectAsync())
        {
            var line = JsonNode.Parse(await node.Process.WaitForLogAsync("Opened " + client.ClientId))!;
            Assert.Equal((1000, "Debug", client.ClientId), ((int)line["EventId"]!, (string?)line["LogLevel"], (string?)line["State"]!["ClientId"]));
            Assert.EndsWith("Z", (string)line["Timestamp"]!, StringComparison.Ordinal);
            Assert.True(DateTimeOffset.TryParse((string)line["Timestamp"]!, CultureInfo.InvariantCulture, out _));
        }

        Assert.All(node.Process.Logs, line => Assert.IsType<JsonObject>(JsonNode.Parse(line)));
    }

    // Somebody else publishes to the same channels, or another version does: as fast as it likes.
    [Fact]
    public async Task MessagesThatNobodyCanRead_AreAFewLines_AndAllCounted()
    {
        await using var scope = await redis.CreateScopeAsync();
        await using var node = await RunningNode.StartAsync(new NodeOptions().WithRedis(scope.ConnectionString, scope.Prefix));
        await using var client = await node.JoinAsync("room");
        var rubbish = new byte[] { 1, 0xff };

        for (var i = 0; i < 500; i++)
            await scope.Database.PublishAsync(RedisChannel.Literal(scope.Prefix + "{room}"), rubbish);
        await scope.Database.PublishAsync(RedisChannel.Literal(scope.Prefix + "{$all}"), rubbish);
        await Eventually.TrueAsync(
            async () => (await node.Api.GetAsync("/metrics")).Text.Split('\n').Any(line => line.StartsWith("fanout_messages_dropped_total", StringComparison.Ordinal) && line.Contains("reason=\"undecodable\"", StringComparison.Ordinal) && line.Contains("} 501", StringComparison.Ordinal)),
            "501 undecodable messages in the metrics");
        await node.Process.WaitForLogAsync("could not be decoded");

        var lines = node.Process.Logs.Where(line => line.Contains("could not be decoded", StringComparison.Ordinal)).ToList();
        // One, and on a very slow machine another one each ten seconds.
        Assert.InRange(lines.Count, 1, 5);
        Assert.Contains("1 messages could not be decoded", lines[0], StringComparison.Ordinal);
    }

    [Fact]
    public async Task PublishThatRedisDoesNotTake_IsNamedByItsMessage()
    {
        await using var own = await OwnRedis.StartAsync();
        await using var node = await RunningNode.StartAsync(new NodeOptions().WithRedis(own.ConnectionString).With(
            ("Logging:Console:FormatterName", "json"), ("Logging:LogLevel:Fanout.Node.Backplane.Redis.RedisPublisher", "Debug")));
        var stored = (string?)(await node.Api.PublishAsync("room", 1)).Body!["id"];
        await own.KillAsync();

        // Not published, or nobody knows.
        Assert.Contains((int)(await node.Api.PublishAsync("room", 2)).Status, new[] { 503, 504 });
        var line = JsonNode.Parse(await node.Process.WaitForLogAsync("Redis did not take message"))!;

        var id = (string)line["State"]!["MessageId"]!;
        Assert.Equal(1830, (int)line["EventId"]!);
        // The node's next one.
        Assert.Equal(stored!.Split('-')[0], id.Split('-')[0]);
        Assert.NotEqual(stored, id);
    }

    [Fact]
    public async Task SimpleConsole_IsOneLineAnEvent_WithTheTime()
    {
        await using var node = await RunningNode.StartAsync();

        Assert.All(node.Process.Logs, line => Assert.Matches(@"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z (trce|dbug|info|warn|fail|crit): ", line));
    }
}
