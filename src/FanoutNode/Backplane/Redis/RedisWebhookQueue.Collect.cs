using Fanout.Node.Webhooks;
using StackExchange.Redis;

namespace Fanout.Node.Backplane.Redis;

/// <summary>
/// How events come into the queue: 1 marks that are due -> 2 what is true of their rooms -> 3 what of it is new becomes events, in one script;
/// events that rooms keep of their members are taken over.
/// </summary>
/// <remarks>
/// Rooms and queue are in different slots of a cluster, so no script can see both. Therefore what is seen in step 2 counts only while the mark is
/// as it was in step 1: a change behind the look has made another mark, and is looked at again.
/// </remarks>
internal sealed partial class RedisWebhookQueue
{
    // Some milliseconds of Redis's time for the largest script.
    private const int MarksAtOnce = 200;
    private const int EventsAtOnce = 500;
    private const int SweepPage = 1000;

    private static readonly TimeSpan CollectFor = TimeSpan.FromSeconds(5);

    // Time for a room to let go of events that were taken over; then they are taken once more, with the same ids.
    private static readonly TimeSpan LetGoWithin = TimeSpan.FromSeconds(5);

    private static readonly RedisScript Due = RedisScript.Named("webhook_due");
    private static readonly RedisScript Announce = RedisScript.Named("webhook_announce");
    private static readonly RedisScript Append = RedisScript.Named("webhook_append");
    private static readonly RedisScript Forget = RedisScript.Named("webhook_forget");

    public ValueTask<WebhookCollection> CollectAsync() => GuardAsync(async () =>
    {
        // 1
        var reply = (string[])(await Due.RunAsync(
            link.Database,
            [keys.WebhookCollector, keys.WebhookDue, keys.WebhookCursors, keys.WebhookSeq],
            [_holder, (long)CollectFor.TotalMilliseconds, MarksAtOnce, .. plan.Endpoints.Select(endpoint => (RedisValue)endpoint.Name)]))!;
        if (reply[0] == "held")
            return new WebhookCollection(false, false, 0, 0);
        var due = reply.Skip(1).Chunk(2).Select(pair => (Mark: pair[0], When: pair[1])).ToList();
        if (due.Count == 0)
            return new WebhookCollection(true, false, 0, 0);

        var added = await AnnounceAsync([.. due.Where(item => item.Mark[0] != WebhookMarks.Members)]);
        var (lost, isMore) = (0L, due.Count == MarksAtOnce);
        foreach (var (mark, when) in due.Where(item => item.Mark[0] == WebhookMarks.Members))
        {
            var (moved, gone) = await TakeOverAsync(mark, when);
            added += moved;
            lost += gone;
            isMore |= moved == EventsAtOnce;
        }

        return new WebhookCollection(true, isMore, added, lost);
    });

    public async ValueTask SweepAsync(CancellationToken cancellation) => await GuardAsync(async () =>
    {
        var rooms = new List<string>();
        await foreach (var room in link.Database.SetScanAsync(keys.WebhookOccupied, pageSize: SweepPage).WithCancellation(cancellation))
        {
            rooms.Add(room.ToString());
            if (rooms.Count == SweepPage)
                await SweepAsync(rooms);
        }

        await SweepAsync(rooms);

        // What nodes have noted holds all rooms with members.
        foreach (var node in await link.Database.SortedSetRangeByRankAsync(keys.Nodes))
        {
            await foreach (var room in link.Database.SetScanAsync(keys.NodeRooms(node.ToString()), pageSize: SweepPage).WithCancellation(cancellation))
            {
                if (plan.WantsOccupancy(room.ToString()))
                    rooms.Add(room.ToString());
                if (rooms.Count == SweepPage)
                    await SweepUntoldAsync(rooms);
            }

            await SweepUntoldAsync(rooms);
        }

        return true;
    });

    private async Task SweepUntoldAsync(List<string> rooms)
    {
        if (rooms.Count == 0)
            return;
        var isTold = await link.Database.SetContainsAsync(keys.WebhookOccupied, [.. rooms.Select(room => (RedisValue)room)]);
        await marks.MarkAsync([.. rooms.Zip(isTold).Where(pair => !pair.Second).Select(pair => WebhookMarks.Entered + pair.First)]);
        rooms.Clear();
    }

    private async Task SweepAsync(List<string> rooms)
    {
        var counts = await Task.WhenAll(rooms.Select(room => link.Database.SetLengthAsync(keys.Members(room))));
        await marks.MarkAsync([.. rooms.Zip(counts).Where(pair => pair.Second == 0).Select(pair => WebhookMarks.Vacated + pair.First)]);
        rooms.Clear();
    }

    private async Task<long> AnnounceAsync(List<(string Mark, string When)> due)
    {
        if (due.Count == 0)
            return 0;
        // 2
        var counts = await Task.WhenAll(due.Select(item => link.Database.SetLengthAsync(keys.Members(item.Mark[1..]))));

        // 3
        var arguments = new List<RedisValue>((due.Count * 6) + 1) { plan.Queue.MaxEvents };
        for (var i = 0; i < due.Count; i++)
        {
            var (mark, when) = due[i];
            var room = mark[1..];
            var isOccupied = counts[i] > 0;
            // A look for a first member says nothing of an empty room: that has a mark, and a delay, of its own.
            var isNews = isOccupied == (mark[0] == WebhookMarks.Entered);
            var type = WebhookEvents.OfOccupancy(room, isOccupied);
            arguments.AddRange([mark, when, isNews ? isOccupied ? "1" : "0" : "", room, type, isNews && plan.Wants(type, room) ? WebhookEvents.WriteOccupancy(type, room, time.GetUtcNow()) : ""]);
        }

        return (long)await Announce.RunAsync(
            link.Database, [keys.WebhookDue, keys.WebhookOccupied, keys.WebhookEvents, keys.WebhookSeq], [.. arguments]);
    }

    private async Task<(long Moved, long Lost)> TakeOverAsync(string mark, string when)
    {
        var room = mark[1..];
        var entries = await link.Database.StreamRangeAsync(keys.RoomEvents(room), "-", "+", EventsAtOnce);
        var isAll = entries.Length < EventsAtOnce;
        var lost = entries.Sum(entry => (long)entry["l"]);
        var concerned = plan.Endpoints.Where(endpoint => endpoint.Wants(WebhookEvents.MemberJoined, room) || endpoint.Wants(WebhookEvents.MemberLeft, room));
        var arguments = new List<RedisValue>((entries.Length * 2) + 6) { plan.Queue.MaxEvents, mark, when, isAll ? (long)LetGoWithin.TotalMicroseconds : 0, room, lost };
        foreach (var entry in entries)
            arguments.AddRange([entry["t"], entry["e"]]);
        var kept = (string?)await Append.RunAsync(
            link.Database,
            [keys.WebhookDue, keys.WebhookEvents, keys.WebhookSeq, .. concerned.Select(endpoint => keys.WebhookState(endpoint.Name))],
            [.. arguments]);
        if (string.IsNullOrEmpty(kept))
            return (0, 0);
        if (entries.Length > 0)
            await Forget.RunAsync(link.Database, [keys.RoomEvents(room)], [.. entries.Select(entry => entry.Id)]);
        if (isAll)
            await Announce.RunAsync(link.Database, [keys.WebhookDue, keys.WebhookOccupied, keys.WebhookEvents, keys.WebhookSeq], plan.Queue.MaxEvents, mark, kept, "", room, "", "");
        return (entries.Length, lost);
    }
}
