using Fanout.Node.Backplane;
using Fanout.Node.Backplane.Memory;
using Fanout.Node.Webhooks;
using Xunit;

namespace Fanout.Tests.Contract.Backplanes;

/// <summary>The queue of one process, where it is like the one in Redis by code of its own.</summary>
public sealed class MemoryWebhookQueueTests
{
    private const string Room = "presence.room";

    private static readonly WebhookOptions Options = new() { Name = "all", Url = "http://x/", Secret = "0123456789abcdef", Events = [.. WebhookEvents.All] };

    [Fact]
    public async Task WhatComesBehindAFailure_IsNotTriedWithWhatFailed()
    {
        var (queue, all) = Create(100);
        Join(queue, "early");
        await queue.FailAsync(all, await queue.TakeAsync(all, 10), TimeSpan.Zero, false, "it answered 500");
        Join(queue, "late");

        var again = await queue.TakeAsync(all, 10);
        Assert.Equal((1, 1L), (again.Attempts, Assert.Single(again.Events).Number));
        await queue.FinishAsync(all, again, 0, again.Events, "it answered 500");
        var next = await queue.TakeAsync(all, 10);

        Assert.Equal((0, 2L), (next.Attempts, Assert.Single(next.Events).Number));
    }

    [Fact]
    public async Task WhatFailedAndFellOutOfTheQueue_LeavesItsTriesToNobody()
    {
        var (queue, all) = Create(2);
        Join(queue, "early");
        await queue.FailAsync(all, await queue.TakeAsync(all, 10), TimeSpan.Zero, true, "it answered 422");
        Join(queue, "late");
        Join(queue, "later");

        var next = await queue.TakeAsync(all, 10);

        Assert.Equal((0, 0, 1L, 2), (next.Attempts, next.Refusals, next.Lost, next.Events.Count));
    }

    [Fact]
    public async Task DeadLetters_ComeBackAsFarAsThereIsRoom_AndForKnownReceiversAlone()
    {
        var (queue, all) = Create(2);
        for (var i = 0; i < 3; i++)
        {
            Join(queue, $"{i}");
            var turn = await queue.TakeAsync(all, 10);
            await queue.FinishAsync(all, turn, 0, turn.Events, "it answered 422");
        }

        Assert.Equal(new WebhookReplay(0, false), await queue.ReplayAsync(["other"]));
        Assert.Equal(new WebhookReplay(2, true), await queue.ReplayAsync(["all"]));
        Assert.Single((await queue.DeadLettersAsync(null, 10)).Items);
        await queue.FinishAsync(all, await queue.TakeAsync(all, 10), 2, [], "");
        Assert.Equal(new WebhookReplay(1, false), await queue.ReplayAsync(["all"]));
    }

    private static (MemoryWebhookQueue Queue, WebhookEndpoint All) Create(int maxEvents)
    {
        var plan = new WebhookPlan([Options], new WebhookQueueOptions { MaxEvents = maxEvents });
        return (new MemoryWebhookQueue(plan, new MemoryBroker(TimeProvider.System), Policies.All, TimeProvider.System), plan.Endpoints[0]);
    }

    private static void Join(MemoryWebhookQueue queue, string client) =>
        queue.OnMember(Room, new RoomMember(client, "node", "ann", null, null), hasJoined: true);
}
