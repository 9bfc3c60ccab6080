using Fanout.Tests.TestKit;
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
}
