using Fanout.Client;
using Fanout.Publisher;
using Fanout.Tests.Client.Support;
using Fanout.Tests.TestKit;
using Fanout.Tests.TestKit.Nodes;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Fanout.Tests.Client.Nodes;

/// <summary>The HTTP publisher and the client, through one node and as an application has them.</summary>
public sealed class PublisherNodeTests(OpenNode open) : IClassFixture<OpenNode>
{
    [Fact]
    public async Task Publisher_SendsAThousand_AndTheClientHearsThemOnceAndInOrder()
    {
        await using var services = new ServiceCollection()
            .AddFanoutClient(new FanoutClientOptions { Url = open.Node.BaseUri.ToString() })
            .AddFanoutPublisher(new FanoutPublisherOptions { Url = open.Node.BaseUri.ToString(), ApiKey = NodeOptions.ApiKey })
            .BuildServiceProvider();
        var client = services.GetRequiredService<FanoutClient>();
        var publisher = services.GetRequiredService<FanoutPublisher>();
        await client.ConnectAsync().WithDeadline("the connection");
        var room = client.Room($"p.{Guid.NewGuid():N}", Json.Default.Int32);
        var got = new Collected<int>();
        using var subscription = await room.SubscribeAsync(message => got.Add(message.Payload)).WithDeadline("the room");

        var pushed = await Task.WhenAll(Enumerable.Range(0, 1_000).Select(n => publisher.PublishAsync(room.Name, n, Json.Default.Int32)))
            .WithDeadline("all acknowledgements");

        Assert.Equal(Enumerable.Range(0, 1_000), await got.CountAsync(1_000));
        Assert.Equal(Enumerable.Range(1, 1_000).Select(n => (long?)n), pushed.Select(one => one.Offset));
    }

    [Fact]
    public async Task Publisher_IsToldWhatTheNodeRefuses_AndAKeyHappensOnce()
    {
        await using var publisher = new FanoutPublisher(new FanoutPublisherOptions { Url = open.Node.BaseUri.ToString(), ApiKey = NodeOptions.ApiKey });
        Assert.Equal("bad_room", (await Assert.ThrowsAsync<FanoutException>(() => publisher.PublishAsync("a b", 1, Json.Default.Int32).WithDeadline("the refusal"))).Code);
        var room = $"p.{Guid.NewGuid():N}";
        var key = new FanoutPushOptions { Key = "mine" };
        var first = await publisher.PublishAsync(room, 1, Json.Default.Int32, key).WithDeadline("the acknowledgement");
        Assert.Equal(first.MessageId, (await publisher.PublishAsync(room, 1, Json.Default.Int32, key).WithDeadline("the acknowledgement")).MessageId);
        Assert.Equal("conflict", (await Assert.ThrowsAsync<FanoutException>(() => publisher.PublishAsync(room, 2, Json.Default.Int32, key).WithDeadline("the refusal"))).Code);
        Assert.False((await publisher.PushAsync("nobody", 1, Json.Default.Int32).WithDeadline("the acknowledgement")).IsOnline);

        await using var wrong = new FanoutPublisher(new FanoutPublisherOptions { Url = open.Node.BaseUri.ToString(), ApiKey = "wrong" });
        Assert.Equal("unauthorized", (await Assert.ThrowsAsync<FanoutException>(() => wrong.PublishAsync(room, 1, Json.Default.Int32).WithDeadline("the refusal"))).Code);
    }
}
