using Fanout.Tests.Integration.Support;
using Fanout.Tests.TestKit;
using Fanout.Tests.TestKit.Clients;
using Fanout.Tests.TestKit.Nodes;
using Fanout.Tests.TestKit.Redis;
using Xunit;

namespace Fanout.Tests.Integration.Recovery;

/// <summary>After a lost connection every local room is compared, and other traffic goes on meanwhile.</summary>
public sealed class ManyRoomsTests
{
    private const int Connections = 100;
    private const int RoomsEach = 100;

    [Fact]
    public async Task TenThousandRooms_AfterTheSubscriptionWasKilled_MissNothing()
    {
        await using var redis = await OwnRedis.StartAsync();
        // No regular comparison: what is missing is found by the one after the reconnect or never.
        await using var node = await RunningNode.StartAsync(FaultyRedis.Quick(new NodeOptions().WithRedis(redis.ConnectionString).With(
            ("Fanout:Limits:MessagesPerSecond", "0"), ("Fanout:Health:CompareInterval", "01:00:00")))
            // So many joins at once make Redis's own queue long.
            .With(("Fanout:Redis:CommandTimeout", "00:00:30"), ("Fanout:Health:ProbeTimeout", "00:00:15")));
        var clients = await Task.WhenAll(Enumerable.Range(0, Connections).Select(c => node.ConnectAsync(
            new TestClientOptions { Rooms = string.Join(',', Enumerable.Range(0, RoomsEach).Select(r => Room(c, r))) })));
        foreach (var client in clients)
            await Eventually.TrueAsync(() => client.Received.Count(m => m.Json.Text("type") == "joined") == RoomsEach, "all rooms to be joined");

        await using var outside = await redis.ConnectAsync();
        await outside.KillClientsAsync("pubsub");
        // In the hole, while it closes, and behind it: one message to the last room of every connection, and acknowledged.
        for (var round = 1; round <= 3; round++)
        {
            var published = await Task.WhenAll(clients.Select((_, c) => node.Api.PublishAsync(Room(c, RoomsEach - 1), round)));
            Assert.All(published, answer => Assert.True(answer.IsSuccess));
        }

        foreach (var (client, c) in clients.Select((client, c) => (client, c)))
        {
            await client.WaitForMessagesAsync(Room(c, RoomsEach - 1), 3);
            Assert.Equal([1L, 2L, 3L], client.Messages(Room(c, RoomsEach - 1)).Select(message => message.Offset()!.Value));
            await client.DisposeAsync();
        }
    }

    private static string Room(int connection, int room) => $"r-{connection}-{room}";
}
