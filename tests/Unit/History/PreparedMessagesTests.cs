using Fanout.Tests.TestKit;
using Xunit;

namespace Fanout.Tests.Unit.History;

/// <summary>Large messages are made ready beside the lane: nobody's order, place or position suffers from that.</summary>
public sealed class PreparedMessagesTests
{
    private static readonly string Large = '"' + new string('x', 200_000) + '"';

    [Fact]
    public async Task LargeAndSmallMessages_KeepTheirOrder()
    {
        using var rig = new RoomRig(prepares: true);
        var member = await rig.JoinAsync();

        for (var i = 0; i < 100; i++)
            rig.Hear(rig.Log.Append(payload: i % 3 == 0 ? Large : "1"));

        await RoomRig.ExpectAsync(member, Range(1, 100));
    }

    // Whoever enters while a large message is on its way gets what is behind its own position and nothing else; the others miss nothing.
    [Fact]
    public async Task Joins_AmongLargeMessages_HaveNoGapAndNoOverlap()
    {
        using var rig = new RoomRig(historySize: 10_000, prepares: true);
        var first = await rig.JoinAsync();
        var members = new List<(long At, RecordingMember Member)>();
        for (var i = 0; i < 150; i++)
        {
            rig.Hear(rig.Log.Append(payload: i % 5 == 0 ? Large : "1"));
            if (i % 3 == 0)
                members.Add((i % 2 == 0 ? i + 1 : 0, await rig.JoinAsync(since: i % 2 == 0 ? null : 0)));
        }

        await RoomRig.ExpectAsync(first, Range(1, 150));
        foreach (var (at, member) in members)
            await RoomRig.ExpectAsync(member, Range(at + 1, 150));
    }

    // More than may wait: the members are sent to the log, and get every message once.
    [Fact]
    public async Task MoreThanMayWait_IsReadFromTheLog()
    {
        using var rig = new RoomRig(historySize: 10_000, prepares: true);
        var member = await rig.JoinAsync();
        var later = new List<(long At, RecordingMember Member)>();
        var huge = '"' + new string('x', 1_500_000) + '"';

        for (var i = 0; i < 60; i++)
        {
            rig.Hear(rig.Log.Append(payload: huge));
            rig.Hear(rig.Log.Append());
            if (i % 10 == 5)
                later.Add(((i + 1) * 2, await rig.JoinAsync()));
        }

        await RoomRig.ExpectAsync(member, Range(1, 120));
        foreach (var (at, other) in later)
            await RoomRig.ExpectAsync(other, Range(at + 1, 120));
    }

    [Fact]
    public async Task Reset_StandsAtItsPlace_AmongLargeMessages()
    {
        using var rig = new RoomRig(prepares: true);
        var member = await rig.JoinAsync();
        for (var i = 0; i < 20; i++)
            rig.Hear(rig.Log.Append(payload: Large));
        rig.Log.BecomeOf("0123456789abcdef0123456789abcdef", 0);
        rig.Sequencer.OnNewEpoch("0123456789abcdef0123456789abcdef"u8);
        await Eventually.TrueAsync(() => rig.Sequencer.Position?.Epoch == rig.Log.Epoch, "the new epoch");
        rig.Hear(rig.Log.Append(payload: Large));
        rig.Hear(rig.Log.Append());

        await RoomRig.ExpectAsync(member, [.. Range(1, 20), 1, 2]);
        Assert.Equal((rig.Log.Epoch, 0), Assert.Single(member.Resets));
    }

    [Fact]
    public async Task CatchingUp_WithLargeMessages_GetsAllOfThem()
    {
        using var rig = new RoomRig(prepares: true);
        await rig.JoinAsync();
        for (var i = 0; i < 100; i++)
            rig.Hear(rig.Log.Append(payload: i % 2 == 0 ? Large : "1"));

        var members = new List<RecordingMember>();
        for (var i = 0; i < 20; i++)
            members.Add(await rig.JoinAsync(since: i * 5));

        for (var i = 0; i < 20; i++)
            await RoomRig.ExpectAsync(members[i], Range((i * 5) + 1, 100));
    }

    private static long[] Range(long from, long to) => [.. Enumerable.Range(0, (int)(to - from + 1)).Select(i => from + i)];
}
