using Fanout.Tests.Integration.Support;
using Fanout.Tests.TestKit;
using Fanout.Tests.TestKit.Nodes;
using Fanout.Tests.TestKit.Redis;
using Xunit;

namespace Fanout.Tests.Integration.Observability;

/// <summary>What Prometheus can scrape goes out by OTLP too, under the instruments' own names.</summary>
public sealed class MetricsExportTests(RedisFixture redis)
{
    [Fact]
    public async Task Metrics_ArriveByOtlp_AllThatPrometheusSees_WithTheirValues()
    {
        await using var sink = await TelemetrySink.StartAsync();
        await using var scope = await redis.CreateScopeAsync();
        await using var node = await RunningNode.StartAsync((new NodeOptions { Environment = sink.NodeEnvironment() })
            .WithRedis(scope.ConnectionString, scope.Prefix)
            .With(("Fanout:Node:Name", "exporting"), ("Fanout:Telemetry:RedisInterval", "00:00:00.2")));
        await using var member = await node.JoinAsync("room");
        for (var i = 0; i < 3; i++)
            Assert.True((await node.Api.PublishAsync("room", i)).IsSuccess);
        await member.WaitForMessagesAsync("room", 3);

        await Eventually.TrueAsync(
            () => Has("fanout.messages.published", 3, ("source", "http")) && Has("fanout.messages.delivered", 3) && Has("fanout.connections.active", 1)
                && Has("fanout.connections.closed", 0, ("reason", "lost")) && Has("fanout.backplane.state", 1) && HasMore("fanout.publish.duration", ("outcome", "published")),
            "the node's counters, levels and histograms",
            context: () => string.Join('\n', sink.Points.Where(point => point.Scope == "Fanout.Node").Select(point => $"{point.Name} {point.Value}").Distinct()));
        Assert.All(sink.Points, point => Assert.Equal("exporting", point.Node));
        Assert.Contains(sink.Points, point => point.Name == "dotnet.process.cpu.time");
        Assert.Contains(sink.Points, point => point.Name == "http.server.request.duration");

        // Units and _total stand in Prometheus' names alone.
        var scraped = (await node.Api.GetAsync("/metrics")).Text.Split('\n').Where(line => line.StartsWith("# TYPE fanout_", StringComparison.Ordinal)).Select(line => line.Split(' ')[2]).ToList();
        Assert.NotEmpty(scraped);
        await Eventually.TrueAsync(
            () => scraped.All(name => sink.Points.Any(point => name.StartsWith(point.Name.Replace('.', '_'), StringComparison.Ordinal))),
            "all that is scraped",
            context: () => string.Join(' ', scraped.Where(name => !sink.Points.Any(point => name.StartsWith(point.Name.Replace('.', '_'), StringComparison.Ordinal)))));

        // What the node tells its operators is published too.
        bool HasMore(string name, params (string Key, string Value)[] tags) => sink.Points.Any(point =>
            point.Name == name && point.Value >= 3 && tags.All(tag => point.Attributes.GetValueOrDefault(tag.Key) == tag.Value));

        bool Has(string name, double value, params (string Key, string Value)[] tags) => sink.Points.Any(point =>
            point.Name == name && point.Value.Equals(value) && tags.All(tag => point.Attributes.GetValueOrDefault(tag.Key) == tag.Value));
    }
}
