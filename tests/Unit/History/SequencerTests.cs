using Fanout.Node.History;
using Fanout.Tests.TestKit;
using Microsoft.Extensions.Logging.Testing;
using Xunit;

namespace Fanout.Tests.Unit.History;

/// <summary>DESIGN, section 6: one sequence without gaps for all members, or a reset.</summary>
public sealed class SequencerTests
{
    [Fact]
    public async Task Messages_InOrder_AreDeliveredInOrder()
    {
        using var rig = new RoomRig();
        var member = await rig.JoinAsync();
        for (var i = 0; i < 100; i++)
            rig.Hear(rig.Log.Append());
        await RoomRig.ExpectAsync(member, [.. Enumerable.Range(1, 100).Select(i => (long)i)]);
    }

    [Fact]
    public async Task Gap_IsReadFromTheLog_AndNothingComesTwice()
    {
        using var rig = new RoomRig();
        var member = await rig.JoinAsync();
        rig.Hear(rig.Log.Append());
        rig.Log.Append(); // 2 and 3 are lost on the way.
        rig.Log.Append();
        var fourth = rig.Log.Append();
        // While the gap is read, a live message crosses the reading.
        var fifth = default(Fanout.Node.Backplane.LogEntry);
        rig.Log.AfterRead = () => rig.Hear(fifth = rig.Log.Append());
        rig.Hear(fourth);
        await RoomRig.ExpectAsync(member, 1, 2, 3, 4, 5);
        rig.Hear(fourth); // Comes late, after it was read: a repetition.
        rig.Hear(fifth);
        rig.Hear(rig.Log.Append());
        await RoomRig.ExpectAsync(member, 1, 2, 3, 4, 5, 6);
        Assert.Empty(member.Resets);
    }

    [Fact]
    public async Task Gap_WhileTheLogIsAway_IsFilledWhenItIsBack()
    {
        using var rig = new RoomRig();
        var member = await rig.JoinAsync();
        rig.Log.Append();
        var second = rig.Log.Append();
        rig.Log.IsAway = true;
        var reads = rig.Log.Reads;
        rig.Hear(second);
        await Eventually.TrueAsync(() => rig.Log.Reads > reads, "the sequencer to ask the log");
        rig.Log.IsAway = false;
        await RoomRig.ExpectAsync(member, 1, 2);
    }

    [Fact]
    public async Task Gap_BehindWhichTheLogDoesNotReach_IsAReset_AndTheRestFollows()
    {
        using var rig = new RoomRig();
        rig.Log.Keeps = 2;
        var member = await rig.JoinAsync();
        for (var i = 0; i < 9; i++)
            rig.Log.Append();
        rig.Hear(rig.Log.Append());
        await RoomRig.ExpectAsync(member, 9, 10);
        Assert.Equal([(rig.Log.Epoch, 8L)], member.Resets);
    }

    [Fact]
    public async Task MessagesThatCannotBeRead_TakeTheirPlaces_AndAreOneLine()
    {
        var log = new FakeLogger<HistoryContext>();
        using var rig = new RoomRig(log: log);
        var member = await rig.JoinAsync();

        for (var i = 0; i < 100; i++)
            rig.Hear(rig.Log.Append() with { Data = new byte[] { 0xff, 0xff } });
        rig.Hear(rig.Log.Append());

        await RoomRig.ExpectAsync(member, 101);
        var line = Assert.Single(log.Collector.GetSnapshot());
        Assert.Equal((1700, "1"), (line.Id.Id, line.GetStructuredStateValue("Count")));
    }

    [Fact]
    public async Task AnotherMessage_AtADeliveredOffset_BeginsANewEpoch()
    {
        using var rig = new RoomRig();
        var member = await rig.JoinAsync();
        rig.Hear(rig.Log.Append());
        rig.Hear(rig.Log.Append());
        var epoch = rig.Log.Epoch;
        rig.Log.ForgetBehind(1);
        rig.Hear(rig.Log.Append("another"), epoch);
        await Eventually.TrueAsync(() => member.Resets.Count == 1, "the reset");
        Assert.NotEqual(epoch, rig.Log.Epoch);
        Assert.Equal((rig.Log.Epoch, 0L), member.Resets[0]);
    }

    [Fact]
    public async Task Comparison_FindsTheLastMessageBeforeASilence()
    {
        using var rig = new RoomRig();
        var member = await rig.JoinAsync();
        rig.Hear(rig.Log.Append());
        rig.Log.Append(); // Nothing comes behind it that would show it missing.
        await rig.Sequencer.ReconcileAsync();
        await RoomRig.ExpectAsync(member, 1, 2);
    }

    [Fact]
    public async Task Comparison_ThatIsOvertakenByLiveMessages_DoesNotLookLikeARewind()
    {
        using var rig = new RoomRig();
        var member = await rig.JoinAsync();
        rig.Hear(rig.Log.Append());
        var epoch = rig.Log.Epoch;
        rig.Log.AfterRead = () => rig.Hear(rig.Log.Append()); // Behind the answer's moment, before its arrival.
        await rig.Sequencer.ReconcileAsync();
        await RoomRig.ExpectAsync(member, 1, 2);
        Assert.Equal(epoch, rig.Log.Epoch);
        Assert.Empty(member.Resets);
    }

    [Fact]
    public async Task Comparison_WithAnOffsetBelowOurs_BeginsANewEpoch()
    {
        using var rig = new RoomRig();
        var member = await rig.JoinAsync();
        rig.Hear(rig.Log.Append());
        rig.Hear(rig.Log.Append());
        rig.Log.ForgetBehind(1);
        await rig.Sequencer.ReconcileAsync();
        await Eventually.TrueAsync(() => member.Resets.Count == 1, "the reset");
    }

    [Fact]
    public async Task NewEpoch_IsAReset_AndTheRearOfTheOldOneIsIgnored()
    {
        using var rig = new RoomRig();
        var member = await rig.JoinAsync();
        rig.Hear(rig.Log.Append());
        var old = rig.Log.Epoch;
        var rear = rig.Log.Append();
        await rig.Log.RewindAsync("room", rig.Room.Policy, old);
        rig.Hear(rig.Log.Append());
        await RoomRig.ExpectAsync(member, 1, 1);
        rig.Hear(rear, old);
        rig.Hear(rig.Log.Append());
        await RoomRig.ExpectAsync(member, 1, 1, 2);
        Assert.Equal([(rig.Log.Epoch, 0L)], member.Resets);
    }

    [Fact]
    public async Task Message_BeforeThePositionIsKnown_IsNotLost()
    {
        using var rig = new RoomRig();
        rig.Log.AfterRead = () => rig.Hear(rig.Log.Append()); // Published after the position was read, heard before it is known.
        var member = await rig.JoinAsync(since: 0);
        await RoomRig.ExpectAsync(member, 1);
    }

    // Offset 66 falls on the place where the id of 2 was noted, 64 before it.
    [Fact]
    public async Task LateMessage_OutOfAHole_DoesNotLookLikeAnotherMessage()
    {
        using var rig = new RoomRig();
        rig.Log.Keeps = 2;
        var member = await rig.JoinAsync();
        for (var i = 1; i <= 64; i++)
            rig.Hear(rig.Log.Append());
        rig.Log.Append();
        var late = rig.Log.Append();
        for (var i = 67; i <= 70; i++)
            rig.Log.Append();
        var epoch = rig.Log.Epoch;
        rig.Hear(rig.Log.Append());
        await RoomRig.ExpectAsync(member, [.. Enumerable.Range(1, 64).Select(i => (long)i), 70, 71]);

        rig.Hear(late);
        rig.Hear(rig.Log.Append());

        await RoomRig.ExpectAsync(member, [.. Enumerable.Range(1, 64).Select(i => (long)i), 70, 71, 72]);
        await rig.Sequencer.ReconcileAsync();
        Assert.Equal(epoch, rig.Log.Epoch);
        Assert.Equal([(epoch, 69L)], member.Resets);
    }

    [Fact]
    public async Task Flood_OfLateRepetitions_IsOneQuestion()
    {
        using var rig = new RoomRig();
        var member = await rig.JoinAsync();
        var entries = Enumerable.Range(0, 200).Select(_ => rig.Log.Append()).ToList();
        entries.ForEach(entry => rig.Hear(entry));
        await RoomRig.ExpectAsync(member, [.. Enumerable.Range(1, 200).Select(i => (long)i)]);
        var reads = rig.Log.Reads;

        for (var i = 0; i < 1_000; i++)
            rig.Hear(entries[i % 100]);
        rig.Hear(rig.Log.Append());
        await RoomRig.ExpectAsync(member, [.. Enumerable.Range(1, 201).Select(i => (long)i)]);

        Assert.InRange(rig.Log.Reads - reads, 1, 3);
        Assert.Empty(member.Resets);
    }

    // A node that is stuck in the past, or a rear that the network kept for long: the log does not know it, so nobody follows.
    [Fact]
    public async Task UnknownEpoch_ThatTheLogDoesNotConfirm_ChangesNothing()
    {
        using var rig = new RoomRig();
        var member = await rig.JoinAsync();
        rig.Hear(rig.Log.Append());
        var (epoch, reads) = (rig.Log.Epoch, rig.Log.Reads);

        for (var i = 0; i < 1_000; i++)
            rig.Hear(new Fanout.Node.Backplane.LogEntry(i + 1, FakeLog.Message($"x{i}")), "elsewhere");
        await Eventually.TrueAsync(() => rig.Log.Reads > reads, "the sequencer to ask the log");
        rig.Hear(rig.Log.Append());

        await RoomRig.ExpectAsync(member, 1, 2);
        Assert.Equal(epoch, rig.Sequencer.Position!.Value.Epoch);
        // One for each message would be a thousand. While they come it asks every 250 ms, and a slow machine takes a while to hand them over.
        Assert.InRange(rig.Log.Reads - reads, 1, 50);
        Assert.Empty(member.Resets);
    }

    // A failover brought the life back that was over: the log is what counts, whatever this node remembers.
    [Fact]
    public async Task OldEpoch_ThatTheLogConfirms_IsFollowedAgain()
    {
        using var rig = new RoomRig();
        var member = await rig.JoinAsync();
        rig.Hear(rig.Log.Append());
        var old = rig.Log.Epoch;
        await rig.Log.RewindAsync("room", rig.Room.Policy, old);
        rig.Hear(rig.Log.Append());
        await RoomRig.ExpectAsync(member, 1, 1);

        rig.Log.BecomeOf(old, 2);
        rig.Hear(rig.Log.Append());

        await RoomRig.ExpectAsync(member, 1, 1, 1, 2, 3);
        Assert.Equal(2, member.Resets.Count);
        Assert.Equal((old, 0L), member.Resets[1]);
    }

    [Fact]
    public async Task NewEpoch_IsFollowedFromAsFarBackAsItIsKept()
    {
        using var rig = new RoomRig(historySize: 4);
        rig.Log.Keeps = 4;
        var member = await rig.JoinAsync();
        rig.Log.BecomeOf("next", 10);

        await rig.Sequencer.ReconcileAsync();

        await RoomRig.ExpectAsync(member, 7, 8, 9, 10);
        Assert.Equal([("next", 6L)], member.Resets);
    }

    // The log lost what was heard, and cannot be asked for it: neither is the processor worn out, nor is the member left without a word.
    [Fact]
    public async Task Message_ThatTheLogDoesNotHave_EndsInAComparison_NotInALoop()
    {
        using var rig = new RoomRig();
        var member = await rig.JoinAsync();
        rig.Hear(rig.Log.Append());
        rig.Log.Append();
        var third = rig.Log.Append();
        rig.Log.ForgetBehind(1);
        var reads = rig.Log.Reads;

        rig.Hear(third);
        await Eventually.TrueAsync(() => rig.Log.Reads >= reads + 2, "the gap's reading and the comparison");
        rig.Hear(rig.Log.Append());

        await RoomRig.ExpectAsync(member, 1, 2);
        Assert.InRange(rig.Log.Reads - reads, 2, 4);
    }

    [Fact]
    public async Task Pages_ThatEndEarly_AreReadOn()
    {
        using var rig = new RoomRig();
        rig.Log.PageEnds = 10;
        for (var i = 0; i < 200; i++)
            rig.Log.Append();

        var first = await rig.JoinAsync(since: 3);
        var second = await rig.JoinAsync(since: 150);

        await RoomRig.ExpectAsync(first, [.. Enumerable.Range(4, 197).Select(i => (long)i)]);
        await RoomRig.ExpectAsync(second, [.. Enumerable.Range(151, 50).Select(i => (long)i)]);
        Assert.True(first.Recovered && second.Recovered);
    }

    [Fact]
    public async Task Gap_OfPagesThatEndEarly_IsFilled()
    {
        using var rig = new RoomRig();
        rig.Log.PageEnds = 3;
        var member = await rig.JoinAsync();
        for (var i = 0; i < 20; i++)
            rig.Log.Append();

        rig.Hear(rig.Log.Append());

        await RoomRig.ExpectAsync(member, [.. Enumerable.Range(1, 21).Select(i => (long)i)]);
    }

    // Whoever comes with a position ahead may be the last witness of a loss, or lie: once that begins a new epoch, not again and again.
    [Fact]
    public async Task Claims_OfAPositionAhead_BeginOneEpoch_AndAreNotRecovered()
    {
        using var rig = new RoomRig();
        await rig.JoinAsync();
        rig.Hear(rig.Log.Append());
        var epoch = rig.Log.Epoch;

        var first = await rig.JoinAsync(since: 50);
        var next = rig.Log.Epoch;
        var second = await rig.JoinAsync(since: 60);
        var third = await rig.JoinAsync(since: 70);

        Assert.NotEqual(epoch, next);
        Assert.Equal(next, rig.Log.Epoch);
        Assert.False(first.Recovered || second.Recovered || third.Recovered);
    }
}
