using Fanout.Node.Backplane;
using Fanout.Node.Rooms;
using Fanout.Shared.Envelopes;

namespace Fanout.Node.Presence;

/// <summary>Who is in a room, as clients and the API may see it.</summary>
internal sealed class PresenceReader(IBackplane backplane, RoomPolicies policies, TimeProvider time)
{
    private readonly UserCounts _counts = new(backplane.Membership, time);

    public ValueTask<RoomCounts> CountAsync(string room) => _counts.ReadAsync(room);

    /// <summary>One page of members. Info is shown only in rooms with presence.</summary>
    public async ValueTask<Page<Member>> ListAsync(string room, string? after, int limit)
    {
        var page = await backplane.Membership.ListAsync(room, after, limit);
        var showsInfo = policies.For(room).Presence;
        return new Page<Member>(
            [.. page.Items.Select(member => new Member(member.ClientId, member.UserId, showsInfo ? member.Info : null))], page.Next);
    }
}
