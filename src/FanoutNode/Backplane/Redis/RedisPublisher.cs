using StackExchange.Redis;

namespace Fanout.Node.Backplane.Redis;

/// <summary>Publishes: one script for rooms with history, a plain PUBLISH for the others.</summary>
/// <param name="link">A connection of its own where replicas are waited for: WAIT holds up everything behind it.</param>
/// <param name="minReplicas">Replicas that must have a publish before it counts as done.</param>
/// <param name="replicaTimeout">So long are they waited for.</param>
internal sealed class RedisPublisher(RedisLink link, RedisKeys keys, int minReplicas, TimeSpan replicaTimeout)
{
    private static readonly RedisScript PublishScript = RedisScript.Named("publish");
    private static readonly RedisScript OnceScript = RedisScript.Named("publish_once");

    /// <summary>Never throws for an unreachable Redis. The command is queued before the first await: calls in order reach Redis in order.</summary>
    public async ValueTask<PublishResult> PublishAsync(Publication publication)
    {
        try
        {
            if (publication.Policy.HasHistory)
                return minReplicas > 0 ? await WaitForReplicasAsync(publication) : ReadReply(publication, await SendWithHistory(publication));
            if (publication.Once is { } once)
                return await PublishOnceAsync(publication, once);
            var publish = link.Database.PublishAsync(RedisChannel.Literal(keys.Channel(publication.Room)), publication.Data);
            long? members = publication.CountsMembers ? await CountAfterAsync(publish, publication.Room) : null;
            return new PublishResult(PublishOutcome.Published, publication.MessageId, null, null, await publish, members);
        }
        catch (Exception e) when (RedisFaults.IsBackplaneFault(e))
        {
            link.Report(e);
            var outcome = RedisFaults.MayHaveHappened(e) ? PublishOutcome.Unknown : PublishOutcome.Unavailable;
            return new PublishResult(outcome, publication.MessageId, null, null, 0);
        }
    }

    private Task<RedisResult> SendWithHistory(in Publication publication)
    {
        var (room, policy) = (publication.Room, publication.Policy);
        RedisKey[] scriptKeys = publication switch
        {
            { Once: { } once } => [keys.Meta(room), keys.Stream(room), keys.Members(room), keys.Once(room, once)],
            { CountsMembers: true } => [keys.Meta(room), keys.Stream(room), keys.Members(room)],
            _ => [keys.Meta(room), keys.Stream(room)],
        };
        return PublishScript.RunInOrderAsync(
            link.Database,
            scriptKeys,
            keys.Channel(room),
            publication.Data,
            policy.HistorySize,
            Milliseconds(policy.HistoryTtl),
            Milliseconds(policy.MetaTtl),
            Epochs.New(),
            link.ServerIdentity,
            publication.Once?.PayloadHash ?? "",
            publication.MessageId,
            Milliseconds(IdempotencyKey.Lifetime),
            policy.HistoryBytes);
    }

    private static PublishResult ReadReply(in Publication publication, RedisResult result)
    {
        var reply = (RedisResult[])result!;
        var id = publication.MessageId;
        return (string)reply[0]! switch
        {
            "ok" => new PublishResult(PublishOutcome.Published, id, (string)reply[1]!, (long)reply[2], (long)reply[3], Members(reply[4])),
            "duplicate" => new PublishResult(PublishOutcome.Duplicate, (string)reply[3]!, (string)reply[1]!, (long)reply[2], 0, Members(reply[4])),
            _ => new PublishResult(PublishOutcome.Conflict, id, null, null, 0),
        };

        static long? Members(RedisResult reply) => (long)reply is >= 0 and var members ? members : null;
    }

    // Queued right behind the publish. A count that cannot be had says nothing about the publish, which may have been heard: it must not fail
    // with it, nor be left unobserved.
    private async Task<long?> CountAfterAsync(Task<long> publish, string room)
    {
        var count = link.Database.SetLengthAsync(keys.Members(room));
        await ((Task)publish).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        try
        {
            return await count;
        }
        catch (Exception e) when (RedisFaults.IsBackplaneFault(e))
        {
            return null;
        }
    }

    private async Task<PublishResult> PublishOnceAsync(Publication publication, IdempotencyKey once)
    {
        var reply = (RedisResult[])(await OnceScript.RunInOrderAsync(
            link.Database,
            [keys.Once(publication.Room, once), keys.Members(publication.Room)],
            keys.Channel(publication.Room),
            publication.Data,
            once.PayloadHash,
            publication.MessageId,
            Milliseconds(IdempotencyKey.Lifetime)))!;
        return (string)reply[0]! switch
        {
            "ok" => new PublishResult(PublishOutcome.Published, publication.MessageId, null, null, (long)reply[1], (long)reply[2]),
            "duplicate" => new PublishResult(PublishOutcome.Duplicate, (string)reply[1]!, null, null, 0, (long)reply[2]),
            _ => new PublishResult(PublishOutcome.Conflict, publication.MessageId, null, null, 0),
        };
    }

    // WAIT is queued right behind the script, on the same connection, so it asks about that very write.
    private async Task<PublishResult> WaitForReplicasAsync(Publication publication)
    {
        var publish = SendWithHistory(publication);
        var waiting = HaveReplicasAsync();
        var result = ReadReply(publication, await publish);
        // Stored, but not as safely as the operator asked for: its fate is open.
        return await waiting || result.Outcome == PublishOutcome.Conflict ? result : result with { Outcome = PublishOutcome.Unknown };
    }

    // Whatever becomes of WAIT says nothing about the publish before it, which may well have been heard.
    private async Task<bool> HaveReplicasAsync()
    {
        try
        {
            return (long)await link.Database.ExecuteAsync("WAIT", minReplicas, Milliseconds(replicaTimeout)) >= minReplicas;
        }
        catch (Exception e) when (RedisFaults.IsBackplaneFault(e))
        {
            link.Report(e);
            return false;
        }
    }

    private static long Milliseconds(TimeSpan time) => (long)time.TotalMilliseconds;
}
