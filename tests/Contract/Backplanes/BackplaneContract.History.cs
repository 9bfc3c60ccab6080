using System.Diagnostics;
using Fanout.Node.Backplane;
using Fanout.Node.Rooms;
using Fanout.Tests.TestKit;
using Xunit;

namespace Fanout.Tests.Contract.Backplanes;

public abstract partial class BackplaneContract
{
    [Fact]
    public async Task History_KeepsNoMoreBytesThanItMay_AndAlwaysTheNewest()
    {
        const int Most = 20_000;
        var policy = new RoomPolicy(100, TimeSpan.FromMinutes(5), false, Overflow.Disconnect, HistoryBytes: Most);
        var room = NewRoom();
        var text = $"\"{new string('x', 1_000)}\"";

        for (var i = 1; i <= 60; i++)
        {
            await _first.PublishAsync(room, text, policy);
            var page = await _first.Backplane.Log.ReadAsync(room, policy, 1, 1_000);
            Assert.InRange(page.Entries.Sum(entry => entry.Data.Length), 1_000, Most);
            // What is kept has no holes, and ends with the newest.
            Assert.Equal(Enumerable.Range((int)page.Entries[0].Offset, page.Entries.Count).Select(offset => (long)offset), page.Entries.Select(entry => entry.Offset));
            Assert.Equal((i, i), ((int)page.Entries[^1].Offset, (int)page.Position.Offset));
            Assert.True(page.Entries.Count >= Math.Min(i, 13), $"Only {page.Entries.Count} of {i} are left");
        }

        await _first.PublishAsync(room, $"\"{new string('y', 2 * Most)}\"", policy);
        Assert.Equal([61L], (await _second.Backplane.Log.ReadAsync(room, policy, 1, 1_000)).Entries.Select(entry => entry.Offset));
        await _first.PublishAsync(room, text, policy);
        Assert.Equal(62, (await _second.Backplane.Log.ReadAsync(room, policy, 1, 1_000)).Entries[^1].Offset);
    }

    // Messages that the number took away already do not count.
    [Fact]
    public async Task History_OfSmallMessages_IsNotTouchedByTheBytes()
    {
        var policy = new RoomPolicy(5, TimeSpan.FromMinutes(5), false, Overflow.Disconnect, HistoryBytes: 2_000);
        var room = NewRoom();

        for (var i = 1; i <= 200; i++)
            await _first.PublishAsync(room, "12345678901234567890", policy);

        Assert.Equal([196L, 197, 198, 199, 200], (await _first.Backplane.Log.ReadAsync(room, policy, 1, 1_000)).Entries.Select(entry => entry.Offset));
    }

    // Offsets are 1, 2, 3 … in one epoch, given by the backplane: whoever publishes, everybody sees the same.
    [Fact]
    public async Task Publish_ToARoomWithHistory_IsNumbered_TheSameForAll()
    {
        var room = NewRoom();
        await BothSubscribeAsync(room, _first, _second);

        var one = await _first.PublishAsync(room, "one", Policies.Many);
        var two = await _second.PublishAsync(room, "two", Policies.Many);

        Assert.Equal((1L, 2L, one.Epoch), (one.Offset, two.Offset, two.Epoch));
        Assert.Matches("^[0-9a-f]{32}$", one.Epoch);
        foreach (var node in new[] { _first, _second })
        {
            Assert.Equal(
                [new Delivery(room, ChannelFrameKind.Sequenced, "one", one.Epoch, 1), new Delivery(room, ChannelFrameKind.Sequenced, "two", one.Epoch, 2)],
                await node.Heard.WaitAsync(room, 2));
        }
    }

    // A member has a position before the first message: the epoch is made by whoever asks first.
    [Fact]
    public async Task Log_OfANewRoom_IsAtOffsetZero_InTheEpochOfItsFirstMessage()
    {
        var room = NewRoom();

        var here = await _first.Backplane.Log.ReadAsync(room, Policies.Many, 1, 10);
        var there = await _second.Backplane.Log.ReadAsync(room, Policies.Many, 1, 10);
        var published = await _second.PublishAsync(room, "one", Policies.Many);

        Assert.Equal((0L, 0), (here.Position.Offset, here.Entries.Count));
        Assert.Equal(here.Position, there.Position);
        Assert.Equal((here.Position.Epoch, 1L), (published.Epoch, published.Offset));
    }

    [Theory]
    [InlineData(1, 100, 1, 10)]
    [InlineData(4, 3, 4, 6)]
    [InlineData(10, 5, 10, 10)]
    [InlineData(11, 5, 0, 0)]
    [InlineData(1, 0, 0, 0)]
    public async Task Log_IsReadFromAnOffset_InOrder_AndNoFurtherThanAsked(long from, int count, long first, long last)
    {
        var room = NewRoom();
        for (var i = 1; i <= 10; i++)
            await _first.PublishAsync(room, $"message {i}", Policies.Many);

        var page = await _second.Backplane.Log.ReadAsync(room, Policies.Many, from, count);

        Assert.Equal(10, page.Position.Offset);
        var expected = first == 0 ? [] : Enumerable.Range((int)first, (int)(last - first + 1)).Select(i => (long)i);
        Assert.Equal(expected, page.Entries.Select(entry => entry.Offset));
        Assert.All(page.Entries, entry =>
        {
            Assert.True(MessageCodec.TryDecode(entry.Data, out var message));
            Assert.Equal($"message {entry.Offset}", System.Text.Encoding.UTF8.GetString(message.Payload.Bytes.Span));
        });
    }

    // What a room keeps is bounded; a page begins later where history does not reach back so far.
    [Fact]
    public async Task Log_KeepsAsManyAsTheRoomSays()
    {
        var room = NewRoom();
        for (var i = 1; i <= 12; i++)
            await _first.PublishAsync(room, "message", Policies.Five);

        var page = await _first.Backplane.Log.ReadAsync(room, Policies.Five, 1, 100);

        Assert.Equal(12, page.Position.Offset);
        Assert.Equal([8L, 9, 10, 11, 12], page.Entries.Select(entry => entry.Offset));
    }

    // The same key and payload: told the first one's place, and nothing new. Another payload: refused. Another room: another key.
    [Fact]
    public async Task Publish_WithAKeyThatWasUsed_StoresNothing()
    {
        var (room, other) = (NewRoom(), NewRoom());
        await BothSubscribeAsync(room, _second);

        var first = await _first.PublishAsync(room, "one", Policies.Many, key: "k");
        var repeated = await _second.PublishAsync(room, "one", Policies.Many, key: "k");
        var conflicting = await _first.PublishAsync(room, "two", Policies.Many, key: "k");
        var elsewhere = await _first.PublishAsync(other, "two", Policies.Many, key: "k");
        await _first.PublishAsync(room, "end", Policies.Many);

        Assert.Equal(PublishOutcome.Published, first.Outcome);
        Assert.Equal(
            (PublishOutcome.Duplicate, first.MessageId, first.Epoch, first.Offset), (repeated.Outcome, repeated.MessageId, repeated.Epoch, repeated.Offset));
        Assert.Equal(PublishOutcome.Conflict, conflicting.Outcome);
        Assert.Equal(PublishOutcome.Published, elsewhere.Outcome);
        await _second.Heard.WaitAsync(room, 2);
        Assert.Equal(["one", "end"], _second.Heard.Texts(room));
    }

    // All nodes agree on one new epoch: who comes second with the broken one's name is told what the first one made.
    [Fact]
    public async Task Rewind_BeginsOneNewEpoch_WithoutTheOldMessages()
    {
        var room = NewRoom();
        await BothSubscribeAsync(room, _second);
        var broken = (await _first.PublishAsync(room, "lost", Policies.Many)).Epoch!;

        var now = await _first.Backplane.Log.RewindAsync(room, Policies.Many, broken);
        var again = await _second.Backplane.Log.RewindAsync(room, Policies.Many, broken);
        var page = await _second.Backplane.Log.ReadAsync(room, Policies.Many, 1, 10);
        var next = await _second.PublishAsync(room, "new", Policies.Many);

        Assert.NotEqual(broken, now.Epoch);
        Assert.Equal((0L, now, now, 0), (now.Offset, again, page.Position, page.Entries.Count));
        Assert.Equal((now.Epoch, 1L), (next.Epoch, next.Offset));
        Assert.Equal(
            [ChannelFrameKind.Sequenced, ChannelFrameKind.NewEpoch, ChannelFrameKind.Sequenced],
            (await _second.Heard.WaitAsync(room, 3)).Select(delivery => delivery.Kind));
    }

    // What one question brings into a node's memory is bounded, whatever the room keeps.
    [Fact]
    public async Task Log_OfLargeMessages_IsReadInPagesThatEndEarly()
    {
        var room = NewRoom();
        var text = new string('x', 300_000);
        for (var i = 0; i < 8; i++)
            await _first.PublishAsync(room, text, Policies.Many);
        await _first.PublishAsync(room, new string('y', 2_000_000), Policies.Many);

        var offsets = new List<long>();
        while (offsets.Count < 9)
        {
            var page = await _second.Backplane.Log.ReadAsync(room, Policies.Many, offsets.Count + 1, 100);
            Assert.NotEmpty(page.Entries);
            Assert.True(page.Entries.Count == 1 || page.Entries.Sum(entry => entry.Data.Length) <= IRoomLog.MaxPageBytes);
            offsets.AddRange(page.Entries.Select(entry => entry.Offset));
        }

        Assert.Equal(Enumerable.Range(1, 9).Select(i => (long)i), offsets);
    }

    // A sequencer reads under the lock under which it also takes messages: neither may wait for the other.
    [Fact]
    public async Task Log_IsReadUnderALockThatTheListenerTakes_WithoutADeadlock()
    {
        var room = NewRoom();
        var gate = new Lock();
        _first.Heard.Also = () =>
        {
            lock (gate)
                Interlocked.MemoryBarrier();
        };
        await BothSubscribeAsync(room, _first);

        var publishing = Task.Run(async () =>
        {
            // Two thousand, or as many as a slow machine gets through in five seconds: a deadlock shows with the first few, and stands still.
            var began = Stopwatch.GetTimestamp();
            for (var i = 0; i < 200 || (i < 2_000 && Stopwatch.GetElapsedTime(began) < TimeSpan.FromSeconds(5)); i++)
                await _first.PublishAsync(room, "message", Policies.Five);
        }, TestContext.Current.CancellationToken);
        var reading = Task.Run(async () =>
        {
            while (!publishing.IsCompleted)
            {
                Task read, rewind;
                lock (gate)
                {
                    read = _first.Backplane.Log.ReadAsync(room, Policies.Five, 1, 5).AsTask();
                    rewind = _first.Backplane.Log.RewindAsync(room, Policies.Five, "none").AsTask();
                }

                await Task.WhenAll(read, rewind);
            }
        }, TestContext.Current.CancellationToken);

        await Task.WhenAll(publishing, reading).WithDeadline("publishes and reads side by side");
    }
}
