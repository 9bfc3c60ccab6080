using Fanout.Node.Backplane;
using Fanout.Node.Rooms;
using Fanout.Shared.Envelopes;
using Fanout.Shared.Rooms;

namespace Fanout.Node.History;

/// <summary>Kept messages as clients and the API ask for them.</summary>
internal sealed class HistoryReader(IBackplane backplane, RoomPolicies policies)
{
    /// <param name="Position">Null for a room without history.</param>
    /// <param name="More">Whether there are messages behind <paramref name="Last"/>.</param>
    /// <param name="Last">How far this page reaches; further than the last message, where this version cannot read what stands behind it.</param>
    public sealed record Result(RoomPosition? Position, IReadOnlyList<RoomMessageEnvelope> Messages, bool More, long Last);

    /// <summary>The messages behind a position, oldest first; from the oldest kept one where there is none, or the epoch is another.</summary>
    /// <exception cref="BackplaneUnavailableException">The backplane cannot be asked.</exception>
    public async Task<Result> ReadAsync(string room, RoomPosition? since, int limit)
    {
        var policy = policies.For(room);
        if (!policy.HasHistory)
            return new Result(null, [], More: false, Last: 0);
        var page = await backplane.Log.ReadAsync(room, policy, since is { } position ? position.Offset + 1 : 1, limit);
        // Offsets of another epoch say nothing here. Reading again costs a round trip in a case that is rare.
        if (since is not null && since.Value.Epoch != page.Position.Epoch)
            page = await backplane.Log.ReadAsync(room, policy, 1, limit);

        var messages = new List<RoomMessageEnvelope>(page.Entries.Count);
        foreach (var entry in page.Entries)
        {
            if (MessageCodec.TryDecode(entry.Data, out var stored))
                messages.Add(new RoomMessageEnvelope(room, stored.Id, entry.Offset, stored.Timestamp, stored.From, stored.Payload));
        }

        var last = page.Entries.Count > 0 ? page.Entries[^1].Offset : page.Position.Offset;
        return new Result(page.Position, messages, last < page.Position.Offset, last);
    }

    /// <summary>Where a room is; null for a room without history.</summary>
    public async Task<RoomPosition?> PositionAsync(string room)
    {
        var policy = policies.For(room);
        return policy.HasHistory ? (await backplane.Log.ReadAsync(room, policy, 1, 0)).Position : null;
    }
}
