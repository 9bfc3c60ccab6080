using Fanout.Tests.TestKit;
using Xunit;

namespace Fanout.Tests.Unit.History;

/// <summary>DESIGN, section 6: a member that catches up is a cursor; no gap, no overlap.</summary>
public sealed class CatchUpTests
{
    [Fact]
    public async Task Join_WithAPosition_GetsWhatWasMissed_ThenLiveMessages()
    {
        using var rig = new RoomRig();
        await FillAsync(rig, 200);
        var member = await rig.JoinAsync(since: 150);
        rig.Hear(rig.Log.Append());
        await RoomRig.ExpectAsync(member, Range(151, 201));
        Assert.True(member.Recovered);
    }

    [Fact]
    public async Task Join_WhilePublishesGoOn_HasNoGapAndNoOverlap()
    {
        using var rig = new RoomRig(historySize: 100_000);
        await FillAsync(rig, 500);
        using var stop = new CancellationTokenSource();
        // So many for each join, so that a fast publisher beside slow joins does not outrun the lane's inbox and what the room keeps.
        using var turns = new SemaphoreSlim(200);
        var publishing = Task.Run(async () =>
        {
            while (!stop.IsCancellationRequested)
            {
                await turns.WaitAsync(stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                rig.Hear(rig.Log.Append());
            }
        }, TestContext.Current.CancellationToken);
        var members = new List<(long Since, RecordingMember Member)>();
        for (var i = 0; i < 50; i++)
        {
            members.Add((i * 10, await rig.JoinAsync(since: i * 10)));
            turns.Release(200);
        }

        await stop.CancelAsync();
        await publishing.WithDeadline("the publisher to stop");
        var last = rig.Log.Append();
        rig.Hear(last);
        foreach (var (since, member) in members)
            await RoomRig.ExpectAsync(member, Range(since + 1, last.Offset));
    }

    [Fact]
    public async Task ManyMembersThatComeBack_AreFewReads()
    {
        using var rig = new RoomRig();
        await FillAsync(rig, 256);
        var before = rig.Log.Reads;
        var members = new List<RecordingMember>();
        for (var i = 0; i < 1000; i++)
            members.Add(await rig.JoinAsync(since: i % 256));
        foreach (var (member, index) in members.Select((member, index) => (member, index)))
            await RoomRig.ExpectAsync(member, Range((index % 256) + 1, 256));
        // One for each that comes would be a thousand; how many share one depends on the machine.
        Assert.InRange(rig.Log.Reads - before, 4, 60);
    }

    [Fact]
    public async Task BlockedSocket_IsNotReadFor_UntilItHasDrained()
    {
        using var rig = new RoomRig();
        await FillAsync(rig, 10);
        var member = await rig.JoinAsync(since: 10);
        await rig.SettleAsync();
        member.Block();
        for (var i = 0; i < 300; i++)
            rig.Hear(rig.Log.Append());
        await rig.SettleAsync();
        // Half of what the room keeps went to its backlog, and no more: the rest waits in the log.
        Assert.InRange(member.Offsets.Count, 1, 128 + 64);
        member.Unblock(rig.Lane);
        await RoomRig.ExpectAsync(member, Range(11, 310));
        Assert.Empty(member.Resets);
    }

    [Fact]
    public async Task MemberThatIsOvertaken_IsTold_AndGoesOnLive()
    {
        using var rig = new RoomRig();
        await FillAsync(rig, 10);
        var member = await rig.JoinAsync(since: 10);
        await rig.SettleAsync();
        member.Block();
        for (var i = 0; i < 300; i++)
            rig.Hear(rig.Log.Append());
        await rig.SettleAsync();
        var got = member.Offsets.Count;
        rig.Log.Keeps = 5;
        rig.Sequencer.Pages.Clear();
        member.Unblock(rig.Lane);
        await Eventually.TrueAsync(() => member.Resets.Count == 1, "the reset");
        rig.Hear(rig.Log.Append());
        await Eventually.TrueAsync(() => member.Offsets.Count > got, "a live message");
        Assert.Equal(310, member.Resets[0].Offset);
        Assert.Equal(311, member.Offsets[^1]);
    }

    [Fact]
    public async Task LaneThatWasTooFull_ReadsItsMessagesFromTheLog()
    {
        using var rig = new RoomRig(inboxCapacity: 8);
        var member = await rig.JoinAsync();
        await rig.SettleAsync();
        using var held = new ManualResetEventSlim();
        rig.Lane.Post(new RoomRig.Work(_ => held.Wait(Deadlines.Default)));
        for (var i = 0; i < 100; i++)
            rig.Hear(rig.Log.Append()); // Eight fit.
        held.Set();
        await RoomRig.ExpectAsync(member, Range(1, 100));
        Assert.Empty(member.Resets);
    }

    [Fact]
    public async Task Position_OfAnotherEpoch_IsNotRecovered()
    {
        using var rig = new RoomRig();
        await FillAsync(rig, 3);
        var member = await rig.JoinAsync(since: 1, epoch: "another");
        Assert.False(member.Recovered);
        rig.Hear(rig.Log.Append());
        await RoomRig.ExpectAsync(member, 4);
    }

    [Fact]
    public async Task Position_BehindWhichTheLogDoesNotReach_IsNotRecovered()
    {
        using var rig = new RoomRig();
        rig.Log.Keeps = 5;
        await FillAsync(rig, 20);
        Assert.False((await rig.JoinAsync(since: 14)).Recovered);
        Assert.True((await rig.JoinAsync(since: 15)).Recovered);
    }

    [Fact]
    public async Task Position_AheadOfTheLog_IsNotRecovered_AndBeginsANewEpoch()
    {
        using var rig = new RoomRig();
        await FillAsync(rig, 3);
        var epoch = rig.Log.Epoch;
        Assert.False((await rig.JoinAsync(since: 4)).Recovered);
        Assert.NotEqual(epoch, rig.Log.Epoch);
    }

    [Fact]
    public async Task Position_AheadOfThisNode_IsWaitedFor()
    {
        using var rig = new RoomRig();
        await FillAsync(rig, 3);
        rig.Log.Append(); // The client heard 4 and 5 from a faster node.
        rig.Log.Append();
        var member = await rig.JoinAsync(since: 5);
        Assert.True(member.Recovered);
        rig.Hear(rig.Log.Append());
        await RoomRig.ExpectAsync(member, 6);
    }

    private static async Task FillAsync(RoomRig rig, int messages)
    {
        await rig.Sequencer.EnsurePositionedAsync();
        for (var i = 0; i < messages; i++)
            rig.Hear(rig.Log.Append());
    }

    private static long[] Range(long first, long last) => [.. Enumerable.Range(0, (int)(last - first + 1)).Select(i => first + i)];
}
