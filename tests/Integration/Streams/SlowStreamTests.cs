using System.Text.RegularExpressions;
using Fanout.Tests.Integration.Support;
using Fanout.Tests.TestKit;
using Fanout.Tests.TestKit.Clients;
using Fanout.Tests.TestKit.Nodes;
using Fanout.Tests.TestKit.Streams;
using Xunit;

namespace Fanout.Tests.Integration.Streams;

/// <summary>A reader that does not read.</summary>
public sealed class SlowStreamTests
{
    private const int Messages = 400;

    [Theory]
    [InlineData("1.1", 0, "00:10:00", "backlog")]
    [InlineData("1.1", 64, "00:00:02", "stalled")]
    [InlineData("2.0", 64, "00:00:02", "stalled")]
    public async Task StalledStream_IsEnded_TheOthersLoseNothing_AndItResumes(string version, int historySize, string stallTimeout, string reason)
    {
        using var certificate = new PemCertificate();
        await using var node = await RunningNode.StartAsync(new NodeOptions().With(
            ("Kestrel:Endpoints:Http:Url", "http://127.0.0.1:0"),
            ("Kestrel:Endpoints:Https:Url", "https://127.0.0.1:0"),
            ("Kestrel:Endpoints:Https:Certificate:Path", certificate.Path),
            ("Kestrel:Endpoints:Https:Certificate:KeyPath", certificate.KeyPath),
            ("Fanout:Rooms:0:Pattern", "*"),
            ("Fanout:Rooms:0:HistorySize", $"{historySize}"),
            ("Fanout:Limits:MaxBacklogBytes", $"{1024 * 1024}"),
            ("Fanout:Limits:StallTimeout", stallTimeout)));
        var options = new EventStreamOptions { Rooms = "room", ReceiveBufferBytes = 4096, Version = new Version(version), Tls = certificate.Trust, Context = node.Process.LogTail };
        var uri = version == "1.1" ? node.BaseUri : await TlsNode.TlsUriOfAsync(node);
        await using var healthy = await node.StreamAsync("room");
        await using var stalled = await EventStream.OpenAsync(uri, options);
        await stalled.ExpectAsync("joined", "room");
        stalled.PauseReading();

        var tail = new string('x', 20 * 1024);
        for (var i = 0; i < Messages; i++)
        {
            Assert.True((await node.Api.PublishAsync("room", $"{i:D6}{tail}")).IsSuccess);
            // The healthy one must not come to its own backlog only because the test publishes faster than it reads.
            if (i % 10 == 9)
                await healthy.MessagesAsync("room", i + 1);
        }

        await Eventually.TrueAsync(
            async () => Regex.IsMatch((await node.Api.GetAsync("/metrics")).Text, $"reason=\"{reason}\"}} [1-9]"), "the stalled one's end in the metrics", context: node.Process.LogTail);
        // It takes the rest of what it was sent, and perhaps the reason; then comes the end, by whichever side.
        stalled.ResumeReading();
        await stalled.EndAsync();
        var got = stalled.Messages("room").Select(e => e.Message.Text("payload")![..6]).ToList();
        Assert.Equal(Enumerable.Range(0, got.Count).Select(i => $"{i:D6}"), got);
        Assert.All(stalled.Events.Where(e => e.Name == "closed"), e => Assert.Equal(4001, e.Message.Payload().Integer("code")));
        await Eventually.TrueAsync(async () => (int)(await node.Api.NodesAsync()).Ok["items"]![0]!["connections"]! == 1, "the healthy one alone", context: node.Process.LogTail);
        Assert.Equal(Messages, healthy.Messages("room").Count);

        // Behind what the history keeps: it says so.
        await using var back = await EventStream.OpenAsync(uri, options with { LastEventId = stalled.LastEventId });
        var joined = (await back.ExpectAsync("joined", "room")).Message.Payload();
        Assert.False(joined.Flag("recovered"));
        Assert.True((await node.Api.PublishAsync("room", "live")).IsSuccess);
        Assert.Equal("live", (await back.ExpectAsync("message", "room")).Message.Text("payload"));
    }

    // Slow is not stalled: it gets all of it, from the log where the backlog is not for so much.
    [Theory]
    [InlineData("1.1")]
    [InlineData("2.0")]
    public async Task SlowStream_ThatReadsInTheEnd_GetsEverythingInOrder(string version)
    {
        using var certificate = new PemCertificate();
        await using var node = await RunningNode.StartAsync(new NodeOptions().With(
            ("Kestrel:Endpoints:Http:Url", "http://127.0.0.1:0"),
            ("Kestrel:Endpoints:Https:Url", "https://127.0.0.1:0"),
            ("Kestrel:Endpoints:Https:Certificate:Path", certificate.Path),
            ("Kestrel:Endpoints:Https:Certificate:KeyPath", certificate.KeyPath),
            ("Fanout:Rooms:0:Pattern", "*"),
            ("Fanout:Rooms:0:HistorySize", "1000"),
            ("Fanout:Limits:StallTimeout", "00:01:00")));
        var uri = version == "1.1" ? node.BaseUri : await TlsNode.TlsUriOfAsync(node);
        await using var slow = await EventStream.OpenAsync(
            uri, new EventStreamOptions { Rooms = "room", ReceiveBufferBytes = 4096, Version = new Version(version), Tls = certificate.Trust, Context = node.Process.LogTail });
        await slow.ExpectAsync("joined", "room");
        slow.PauseReading();
        var tail = new string('x', 2 * 1024);
        for (var i = 0; i < Messages; i++)
            Assert.True((await node.Api.PublishAsync("room", $"{i:D6}{tail}")).IsSuccess);

        slow.ResumeReading();

        var got = await slow.MessagesAsync("room", Messages);
        Assert.Equal(Enumerable.Range(0, Messages).Select(i => $"{i:D6}"), got.Select(e => e.Message.Text("payload")![..6]));
        Assert.Equal(Enumerable.Range(1, Messages).Select(i => $"{i}"), got.Select(e => e.Id!.Split(';')[2]));
    }
}
