using System.Collections.Concurrent;
using Fanout.Client;
using Fanout.Tests.Client.Support;
using Fanout.Tests.TestKit;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Fanout.Tests.Client.Nodes;

/// <summary>One client, many threads.</summary>
public sealed class ThreadTests(OpenNode open) : IClassFixture<OpenNode>
{
    [Fact]
    public async Task Client_UsedFromEveryThread_AnswersEveryCall_AndCallsNobodyAfterItsClose()
    {
        await using var client = await RealClient.ConnectedAsync(open.Node);
        var failures = new ConcurrentQueue<FanoutException>();
        client.Failed += failures.Enqueue;
        var closed = 0;
        var afterTheEnd = 0;
        var published = 0;
        var rooms = Enumerable.Range(0, 4).Select(_ => client.Room($"t.{Guid.NewGuid():N}", Json.Default.Int32)).ToArray();
        using var go = new ManualResetEventSlim();
        var workers = Enumerable.Range(0, 8).Select(worker => Task.Run(async () =>
        {
            go.Wait(Deadlines.Default);
            for (var n = 0; ; n++)
            {
                var room = rooms[(worker + n) % rooms.Length];
                try
                {
                    switch ((worker + n) % 4)
                    {
                        case 0:
                            await room.PublishAsync(n);
                            Interlocked.Increment(ref published);
                            break;
                        case 1:
                            using (room.Subscribe(_ => afterTheEnd += Volatile.Read(ref closed)))
                                await room.GetCountsAsync();
                            break;
                        case 2:
                            await foreach (var _ in room.ReadAllAsync())
                                break;
                            break;
                        default:
                            _ = (client.State, client.BufferedPublishes, room.Position, room.Members.Count);
                            client.CheckConnection();
                            await room.JoinAsync();
                            break;
                    }
                }
                catch (FanoutException e) when (e.Code is "closed" or "connection_lost" or "removed")
                {
                    if (Volatile.Read(ref closed) == 1 || client.ClosedBecause is not null)
                        return;
                }
            }
        })).ToArray();
        var feeding = Task.Run(async () =>
        {
            await using var other = await RealClient.ConnectedAsync(open.Node);
            // Loops wait for messages, so somebody else must talk, until nobody waits any more.
            for (var n = 0; !workers.All(worker => worker.IsCompleted); n++)
                await other.Room(rooms[n % rooms.Length].Name, Json.Default.Int32).PublishAsync(n);
        });
        go.Set();
        await Eventually.TrueAsync(() => Volatile.Read(ref published) > 100, "a hundred publishes");
        await Task.WhenAll(client.CloseAsync(), client.CloseAsync()).WithDeadline("the close");
        Volatile.Write(ref closed, 1);
        await Task.WhenAll(workers).WithDeadline("the workers");
        await feeding.WithDeadline("the feeder");
        Assert.Equal(0, afterTheEnd);
        Assert.Empty(failures.Select(failure => failure.Message));
    }

    [Fact]
    public async Task KeyedClients_AreTwo_AndLogToTheApplication()
    {
        await using var services = new ServiceCollection()
            .AddLogging()
            .AddKeyedFanoutClient("one", _ => new FanoutClientOptions { Url = open.Node.BaseUri.ToString() })
            .AddKeyedFanoutClient("other", _ => new FanoutClientOptions { Url = open.Node.BaseUri.ToString(), Format = FanoutFormat.MessagePack })
            .BuildServiceProvider();
        var (one, other) = (services.GetRequiredKeyedService<FanoutClient>("one"), services.GetRequiredKeyedService<FanoutClient>("other"));
        Assert.Same(one, services.GetRequiredKeyedService<FanoutClient>("one"));
        Assert.Null(services.GetService<FanoutClient>());
        var (first, second) = (await one.ConnectAsync().WithDeadline("a connection"), await other.ConnectAsync().WithDeadline("a connection"));
        Assert.NotEqual(first.ClientId, second.ClientId);
    }
}
