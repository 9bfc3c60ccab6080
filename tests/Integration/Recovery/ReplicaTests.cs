using Fanout.Tests.Integration.Support;
using Fanout.Tests.TestKit;
using Fanout.Tests.TestKit.Clients;
using Fanout.Tests.TestKit.Nodes;
using Fanout.Tests.TestKit.Redis;
using Xunit;

namespace Fanout.Tests.Integration.Recovery;

/// <summary><c>Fanout:Redis:MinReplicas</c>: an acknowledgement means that so many replicas have the message.</summary>
public sealed class ReplicaTests
{
    [Fact]
    public async Task Publish_WithItsReplica_IsAcknowledged_AndWithoutIt_ItsFateIsOpen()
    {
        await using var primary = await OwnRedis.StartAsync();
        await using var replica = await OwnRedis.StartAsync(new OwnRedisOptions { Arguments = ["--replicaof", $"127.0.0.1 {primary.Port}"] });
        await using var node = await RunningNode.StartAsync(new NodeOptions().WithRedis(primary.ConnectionString).With(
            ("Fanout:Redis:MinReplicas", "1"), ("Fanout:Redis:CommandTimeout", "00:00:06")));
        await using var client = await node.ConnectAsync();

        // The replica loads the primary's data first.
        await Eventually.TrueAsync(
            async () => (await client.RequestAsync(new { type = "publish", room = "safe", payload = 0 })).Text("type") == "published",
            "a publish to be acknowledged");
        var published = await client.PublishAsync("safe", 1, key: "k1");
        await using var copy = await replica.ConnectAsync();
        Assert.Equal(published.Offset(), (await copy.GetDatabase().StreamInfoAsync("fanout:{safe}:stream")).LastGeneratedId.ToString() is { } id
            ? long.Parse(id.Split('-')[0], System.Globalization.CultureInfo.InvariantCulture)
            : -1);

        await replica.KillAsync();
        var error = await client.RequestErrorAsync(new { type = "publish", room = "safe", payload = 2, key = "k2" });
        Assert.Equal("timeout", error.Text("code"));
        Assert.True(error.Flag("retryable"));

        // Repeated with its key when the replica is back, it is the same message, and safe now.
        await replica.StartAgainAsync();
        await Eventually.TrueAsync(
            async () => (await client.RequestAsync(new { type = "publish", room = "safe", payload = 2, key = "k2" })).Text("type") == "published",
            "the repeated publish to be acknowledged");
        var history = (await client.HistoryAsync("safe")).Payload();
        Assert.Single(history["messages"]!.AsArray(), message => message!["payload"]!.GetValue<int>() == 2);
    }
}
