using Fanout.Node.Diagnostics;
using Fanout.Shared.Protocol;

namespace Fanout.Node.Lanes;

/// <summary>The part of a lane's room that tells members who came and went: gathered, and sent to each of them at once.</summary>
/// <remarks>
/// One member that joins and leaves without a pause is told to every other: a hundred notices a second to thousands. A quiet room's notice goes out
/// in its round; those of a busy one wait for each other, and for the room's next message at the most, since whoever speaks has come before.
/// </remarks>
internal sealed partial class LaneRoom
{
    // With the lane's tick of 250 ms: at most some four sends a second to a member, however many come and go. Nobody reads names faster.
    private const long NoticesEveryMs = 200;

    // Thousands of notices. What comes beyond it before they are sent is lost, and counted.
    private const int MostNoticeBytes = 512 * 1024;

    // Made at the first notice: most rooms are without presence.
    private List<PresenceFrames>? _notices;
    private HashSet<string>? _noticed;
    private bool _isExpected;
    private int _noticeBytes;
    private long _noticesEver;
    private long _noticedAt = long.MinValue / 2;

    /// <summary>When the next notices may go out, on the lane's clock.</summary>
    public long NoticesDue => _noticedAt + NoticesEveryMs;

    /// <summary>Sets a notice aside until the end of the round, or longer if the last ones have just been sent.</summary>
    public void Notice(Lane lane, PresenceFrames notice)
    {
        if (_members.Count + _catchingUp.Count == 0)
            return;
        if (_noticeBytes + notice.Size > MostNoticeBytes)
        {
            lane.Metrics.Dropped(DropReason.LaneFull);
            return;
        }

        if (!_isExpected)
            lane.ExpectNotices(this);
        _isExpected = true;
        (_notices ??= []).Add(notice);
        (_noticed ??= []).Add(notice.ClientId);
        _noticesEver++;
        _noticeBytes += notice.Size;
    }

    /// <summary>Sends the notices if the last ones are long enough ago.</summary>
    /// <returns>Whether none is left.</returns>
    public bool FlushNotices(Lane lane)
    {
        if (_notices is { Count: > 0 } && lane.RoundTime < NoticesDue)
            return false;
        _isExpected = false;
        SendNotices(lane);
        return true;
    }

    // A fault here must not cost the messages that go out behind them.
    private void SendNoticesGuarded(Lane lane)
    {
        try
        {
            SendNotices(lane);
        }
        catch (Exception e)
        {
            lane.Report(e, "notices");
        }
    }

    private void SendNotices(Lane lane)
    {
        if (_notices is not { Count: > 0 } notices)
            return;
        _noticedAt = lane.RoundTime;
        try
        {
            ReadOnlyMemory<byte> json = default;
            ReadOnlyMemory<byte> messagePack = default;
            foreach (var member in _members)
                SendNotices(member, ref json, ref messagePack);
            foreach (var cursor in _catchingUp)
                SendNotices(cursor.Member, ref json, ref messagePack);
        }
        finally
        {
            notices.Clear();
            _noticed!.Clear();
            _noticeBytes = 0;
        }
    }

    private void SendNotices(LaneMember member, ref ReadOnlyMemory<byte> json, ref ReadOnlyMemory<byte> messagePack)
    {
        if (!member.WantsPresence)
            return;
        var format = member.Client.Format;
        var first = (int)Math.Max(0, member.NoticesFrom - (_noticesEver - _notices!.Count));
        if (first > 0 || _noticed!.Contains(member.Client.ClientId))
        {
            // One that must not get all of them gets a block of its own. Whoever entered knows of itself; the answer to its join said so.
            var some = _notices.Skip(first).Where(notice => notice.ClientId != member.Client.ClientId).ToList();
            if (some.Count > 0)
                member.Client.Send(Joined(some, format), null);
            return;
        }

        ref var block = ref format == WireFormat.Json ? ref json : ref messagePack;
        if (block.IsEmpty)
            block = Joined(_notices, format);
        member.Client.Send(block, null);
    }

    private static byte[] Joined(List<PresenceFrames> notices, WireFormat format)
    {
        if (notices.Count == 1)
            return notices[0].Of(format);
        var block = new byte[notices.Sum(notice => notice.Of(format).Length)];
        var at = 0;
        foreach (var notice in notices)
        {
            notice.Of(format).CopyTo(block, at);
            at += notice.Of(format).Length;
        }

        return block;
    }
}

/// <summary>The frames that tell of a member that came or went.</summary>
/// <param name="ClientId">Of whom; it is not told itself.</param>
internal sealed record PresenceFrames(string ClientId, byte[] Json, byte[] MessagePack)
{
    public int Size => Json.Length + MessagePack.Length;

    public byte[] Of(WireFormat format) => format == WireFormat.Json ? Json : MessagePack;
}
