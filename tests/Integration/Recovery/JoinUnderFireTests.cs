using Fanout.Tests.Integration.Support;
using Fanout.Tests.TestKit;
using Fanout.Tests.TestKit.Clients;
using Fanout.Tests.TestKit.Nodes;
using Fanout.Tests.TestKit.Redis;
using Xunit;

namespace Fanout.Tests.Integration.Recovery;

/// <summary>Members that come and go with their positions while both nodes publish as fast as they can: no gap, no overlap.</summary>
public sealed class JoinUnderFireTests(RedisFixture redis)
{
    private const int Rounds = 60;

    [Theory]
    [MemberData(nameof(Formats.Both), MemberType = typeof(Formats))]
    public async Task Join_WithAPosition_WhilePublishesGoOn_MissesNothingAndRepeatsNothing(string subprotocol)
    {
        await using var scope = await redis.CreateScopeAsync();
        var options = new NodeOptions().WithRedis(scope.ConnectionString, scope.Prefix).With(
            ("Fanout:Rooms:0:Pattern", "fire"), ("Fanout:Rooms:0:HistorySize", "100000"), ("Fanout:Limits:MessagesPerSecond", "0"));
        await using var first = await RunningNode.StartAsync(options);
        await using var second = await RunningNode.StartAsync(options);
        using var stop = new CancellationTokenSource();
        var publishers = new[] { first, second }.Select(node => PublishAsync(node, stop.Token)).ToArray();

        string? epoch = null;
        var last = 0L;
        for (var round = 0; round < Rounds; round++)
        {
            var node = round % 2 == 0 ? first : second;
            await using var client = await node.ConnectAsync(subprotocol);
            var joined = epoch is null ? await client.JoinAsync("fire") : await client.JoinSinceAsync("fire", epoch, last);
            if (epoch is not null)
                Assert.True(joined.Payload().Flag("recovered"));
            else
                last = joined.Payload().Offset()!.Value;
            epoch = joined.Payload().Text("epoch");

            await client.WaitForMessagesAsync("fire", 20);
            foreach (var message in client.Messages("fire"))
                Assert.Equal(++last, message.Offset());
        }

        await stop.CancelAsync();
        await Task.WhenAll(publishers).WithDeadline("the publishers to stop");
    }

    private static async Task PublishAsync(RunningNode node, CancellationToken stop)
    {
        await using var client = await node.ConnectAsync();
        for (var i = 0; !stop.IsCancellationRequested; i++)
        {
            await client.PublishAsync("fire", i);
            await node.Api.PublishAsync("fire", i);
        }
    }
}
