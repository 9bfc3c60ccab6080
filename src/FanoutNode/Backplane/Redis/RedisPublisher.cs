using Fanout.Node.Diagnostics;
using StackExchange.Redis;

namespace Fanout.Node.Backplane.Redis;

/// <summary>
/// Publishes, with one command: a script for rooms with history, for idempotency keys and where members are counted, a plain PUBLISH for the rest.
/// </summary>
/// <param name="link">A connection of its own where replicas are waited for: WAIT holds up everything behind it.</param>
/// <param name="minReplicas">Replicas that must have a publish before it counts as done.</param>
/// <param name="replicaTimeout">So long are they waited for.</param>
internal sealed partial class RedisPublisher(
    RedisLink link, RedisKeys keys, int minReplicas, TimeSpan replicaTimeout, TimeProvider time, FanoutMetrics metrics, ILogger logger)
{
    private static readonly RedisScript PublishScript = RedisScript.Named("publish");
    private static readonly RedisScript OnceScript = RedisScript.Named("publish_once");
    private static readonly RedisScript CountedScript = RedisScript.Named("publish_counted");

    private readonly RoomKeyCache _rooms = new(keys);

    /// <summary>Never throws for an unreachable Redis. The command is queued before the first await: calls in order reach Redis in order.</summary>
    public async ValueTask<PublishResult> PublishAsync(Publication publication)
    {
        var began = time.GetTimestamp();
        PublishResult result;
        try
        {
            if (publication.Policy.HasHistory)
                result = minReplicas > 0 ? await WaitForReplicasAsync(publication) : ReadReply(publication, await SendWithHistory(publication));
            else if (publication.Once is { } once)
                result = ReadOnceReply(publication, await SendOnce(publication, once));
            else if (publication.CountsMembers)
                result = ReadCountedReply(publication, await SendCounted(publication));
            else
                result = Plain(publication, await link.Database.PublishAsync(_rooms.Of(publication.Room).Channel, publication.Data));
        }
        catch (Exception e) when (RedisFaults.IsBackplaneFault(e))
        {
            link.Report(e);
            var outcome = RedisFaults.MayHaveHappened(e) ? PublishOutcome.Unknown : PublishOutcome.Unavailable;
            LogNotTaken(logger, publication.MessageId, FanoutMetrics.NameOf(outcome), e.Message);
            result = new PublishResult(outcome, publication.MessageId, null, null, 0);
        }

        metrics.PublishTook(result.Outcome, time.GetElapsedTime(began));
        return result;
    }

    private Task<RedisResult> SendWithHistory(in Publication publication)
    {
        var (room, policy) = (_rooms.Of(publication.Room), publication.Policy);
        RedisKey[] scriptKeys = publication switch
        {
            { Once: { } once } => [.. room.LogAndMembers, keys.Once(publication.Room, once)],
            { CountsMembers: true } => room.LogAndMembers,
            _ => room.Log,
        };
        return PublishScript.RunInOrderAsync(
            link.Database,
            scriptKeys,
            room.ChannelName,
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

    private static PublishResult Plain(in Publication publication, long nodes) => new(PublishOutcome.Published, publication.MessageId, null, null, nodes);

    private Task<RedisResult> SendCounted(in Publication publication)
    {
        var room = _rooms.Of(publication.Room);
        return CountedScript.RunInOrderAsync(link.Database, room.Members, room.ChannelName, publication.Data);
    }

    private static PublishResult ReadCountedReply(in Publication publication, RedisResult result)
    {
        var reply = (RedisResult[])result!;
        return new PublishResult(PublishOutcome.Published, publication.MessageId, null, null, (long)reply[0], (long)reply[1]);
    }

    private Task<RedisResult> SendOnce(in Publication publication, IdempotencyKey once)
    {
        var room = _rooms.Of(publication.Room);
        return OnceScript.RunInOrderAsync(
            link.Database,
            [keys.Once(publication.Room, once), .. room.Members],
            room.ChannelName,
            publication.Data,
            once.PayloadHash,
            publication.MessageId,
            Milliseconds(IdempotencyKey.Lifetime));
    }

    private static PublishResult ReadOnceReply(in Publication publication, RedisResult result)
    {
        var reply = (RedisResult[])result!;
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

    // Its publisher was told, and the metrics count it; for whoever follows one message.
    [LoggerMessage(1830, LogLevel.Debug, "Redis did not take message {MessageId} ({Outcome}: {Reason})", EventName = "PublishNotTaken")]
    private static partial void LogNotTaken(ILogger logger, string messageId, string outcome, string reason);
}
