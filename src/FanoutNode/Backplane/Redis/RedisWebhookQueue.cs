using System.Globalization;
using Fanout.Node.Webhooks;
using StackExchange.Redis;

namespace Fanout.Node.Backplane.Redis;

/// <summary>The queue in Redis: this part sends; see <c>RedisWebhookQueue.Collect.cs</c> for how events come into it.</summary>
internal sealed partial class RedisWebhookQueue(RedisLink link, RedisKeys keys, WebhookPlan plan, WebhookMarks marks, TimeProvider time) : IWebhookQueue
{
    private const int ReplayPage = 500;

    // Longer than a fleet is ever down on purpose.
    private static readonly TimeSpan ForgetReceiversAfter = TimeSpan.FromDays(3);

    private static readonly RedisScript Take = RedisScript.Named("webhook_take");
    private static readonly RedisScript Finish = RedisScript.Named("webhook_finish");
    private static readonly RedisScript Fail = RedisScript.Named("webhook_fail");
    private static readonly RedisScript Release = RedisScript.Named("webhook_release");
    private static readonly RedisScript Replay = RedisScript.Named("webhook_replay");

    // Names this process for as long as it runs, whatever incarnations its node takes.
    private readonly string _holder = Guid.NewGuid().ToString("N");

    public ValueTask<WebhookTurn> TakeAsync(WebhookEndpoint endpoint, int most) => GuardAsync(async () =>
    {
        var name = endpoint.Name;
        var reply = (RedisResult[])(await Take.RunAsync(
            link.Database,
            [keys.WebhookSender(name), keys.WebhookState(name), keys.WebhookCursors, keys.WebhookSeen, keys.WebhookEvents, keys.WebhookSeq],
            _holder,
            (long)endpoint.LeaseFor.TotalMilliseconds,
            name,
            most))!;
        return (string)reply[0]! switch
        {
            "held" => WebhookTurn.Held,
            "wait" => WebhookTurn.Waiting(TimeSpan.FromMilliseconds((long)reply[1])),
            _ => new WebhookTurn(true, TimeSpan.Zero, (long)reply[1], (int)reply[2], (int)reply[3], (long)reply[4], [.. reply.Skip(5).Select(ReadEvent)]),
        };
    });

    public ValueTask<bool> FinishAsync(WebhookEndpoint endpoint, WebhookTurn turn, int sent, IReadOnlyList<QueuedEvent> dead, string error) => GuardAsync(async () =>
    {
        var name = endpoint.Name;
        var arguments = new List<RedisValue>
        {
            _holder,
            name,
            turn.Cursor,
            turn.Events[^1].Number,
            sent,
            plan.Queue.MaxDeadLetters,
            (long)ForgetReceiversAfter.TotalMilliseconds,
            turn.Attempts + 1,
            error,
        };
        foreach (var item in dead)
            arguments.AddRange([item.Type, item.Room, item.Json]);
        return (bool)await Finish.RunAsync(
            link.Database,
            [keys.WebhookSender(name), keys.WebhookState(name), keys.WebhookCursors, keys.WebhookSeen, keys.WebhookEvents, keys.WebhookDead],
            [.. arguments]);
    });

    public async ValueTask FailAsync(WebhookEndpoint endpoint, WebhookTurn turn, TimeSpan retryIn, bool isRefusal, string error) => await GuardAsync(() => Fail.RunAsync(
        link.Database,
        [keys.WebhookSender(endpoint.Name), keys.WebhookState(endpoint.Name)],
        _holder,
        (long)retryIn.TotalMilliseconds,
        error,
        isRefusal ? 1 : 0,
        turn.Events[^1].Number));

    public async ValueTask ReleaseAsync() => await GuardAsync(() => Task.WhenAll(
        plan.Endpoints.Select(endpoint => keys.WebhookSender(endpoint.Name)).Append(keys.WebhookCollector)
            .Select(key => Release.RunAsync(link.Database, [key], _holder))));

    public ValueTask<IReadOnlyList<WebhookState>> StatesAsync() => GuardAsync<IReadOnlyList<WebhookState>>(async () =>
    {
        var last = (long)await link.Database.StringGetAsync(keys.WebhookSeq);
        return await Task.WhenAll(plan.Endpoints.Select(endpoint => ReadStateAsync(endpoint.Name, last)));
    });

    public ValueTask<Page<DeadLetter>> DeadLettersAsync(string? after, int limit) => GuardAsync(async () =>
    {
        var entries = await link.Database.StreamRangeAsync(keys.WebhookDead, after is null ? "-" : "(" + after, "+", limit + 1);
        var items = entries.Take(limit).Select(ReadDeadLetter).ToList();
        return new Page<DeadLetter>(items, entries.Length > limit ? items[^1].Id : null);
    });

    public ValueTask<WebhookReplay> ReplayAsync(IReadOnlyCollection<string> endpoints) => GuardAsync(async () =>
    {
        // Up to what is dead now: what dies again meanwhile is not tried for ever.
        var newest = await link.Database.StreamRangeAsync(keys.WebhookDead, "-", "+", 1, Order.Descending);
        if (newest.Length == 0)
            return default;
        var (back, isFull) = (0L, false);
        for (var from = "-"; from.Length > 0;)
        {
            var reply = (RedisResult[])(await Replay.RunAsync(
                link.Database,
                [keys.WebhookDead, keys.WebhookEvents, keys.WebhookSeq],
                [plan.Queue.MaxEvents, from, newest[0].Id, ReplayPage, .. endpoints.Select(endpoint => (RedisValue)endpoint)]))!;
            back += (long)reply[0];
            isFull = (bool)reply[2];
            from = (string)reply[1]! is { Length: > 0 } at ? "(" + at : "";
        }

        return new WebhookReplay(back, isFull);
    });

    private async Task<WebhookState> ReadStateAsync(string name, long last)
    {
        var cursor = await link.Database.HashGetAsync(keys.WebhookCursors, name);
        var state = (await link.Database.HashGetAllAsync(keys.WebhookState(name))).ToDictionary(field => field.Name.ToString(), field => field.Value);
        return new WebhookState(
            name,
            cursor.IsNull ? 0 : Math.Max(0, last - (long)cursor),
            (int)state.GetValueOrDefault("attempts"),
            Time("since"),
            state.GetValueOrDefault("error"),
            Time("errorAt"),
            (long)state.GetValueOrDefault("sent"),
            (long)state.GetValueOrDefault("dead"),
            (long)state.GetValueOrDefault("lost"));

        DateTimeOffset? Time(string field) => state.TryGetValue(field, out var value) ? DateTimeOffset.FromUnixTimeMilliseconds((long)value) : null;
    }

    // { "<number>-0", { "t", type, "r", room, "e", event, "to", receiver } }
    private static QueuedEvent ReadEvent(RedisResult entry)
    {
        var parts = (RedisResult[])entry!;
        var id = (string)parts[0]!;
        var fields = (RedisResult[])parts[1]!;
        return new QueuedEvent(
            long.Parse(id.AsSpan(0, id.IndexOf('-', StringComparison.Ordinal)), NumberStyles.None, CultureInfo.InvariantCulture),
            (string)fields[1]!,
            (string)fields[3]!,
            fields.Length > 7 ? (string)fields[7]! : null,
            (byte[])fields[5]!);
    }

    private static DeadLetter ReadDeadLetter(StreamEntry entry)
    {
        var id = entry.Id.ToString();
        var at = long.Parse(id.AsSpan(0, id.IndexOf('-', StringComparison.Ordinal)), NumberStyles.None, CultureInfo.InvariantCulture);
        return new DeadLetter(id, entry["to"]!, (int)entry["n"], entry["w"]!, DateTimeOffset.FromUnixTimeMilliseconds(at), (byte[])entry["e"]!);
    }

    private async ValueTask<T> GuardAsync<T>(Func<Task<T>> action)
    {
        try
        {
            return await action();
        }
        catch (Exception e) when (RedisFaults.IsBackplaneFault(e))
        {
            link.Report(e);
            throw RedisFaults.Wrap(e);
        }
    }
}
