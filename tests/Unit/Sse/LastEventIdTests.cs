using System.Buffers;
using System.Text;
using Fanout.Node.Rooms;
using Fanout.Node.Sse;
using Fanout.Shared.Rooms;
using Xunit;

namespace Fanout.Tests.Unit.Sse;

public sealed class LastEventIdTests
{
    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData(" ")]
    public void Nothing_IsAFirstVisit(string? text) => Assert.Same(LastEventId.None, LastEventId.Parse(text));

    [Fact]
    public void Positions_AreReadByRoom_AndWrittenTheSame()
    {
        const string Text = "a;0f;7,$user.J=C3=B6rg@x;e-1_A;0";

        var id = LastEventId.Parse(Text)!;

        Assert.Equal((new RoomPosition("0f", 7), new RoomPosition("e-1_A", 0), null), (id.Positions["a"], id.Positions["$user.J=C3=B6rg@x"], id.StayAway));
        var output = new ArrayBufferWriter<byte>();
        var length = new StreamPositions(id.Resume([], areNamed: false, ownRoom: null)).WriteTo(output);
        Assert.Equal((Text, Text.Length), (Encoding.ASCII.GetString(output.WrittenSpan), length));
    }

    [Theory]
    [InlineData("a;e;1,!4503")]
    [InlineData("!4503")]
    public void StayAway_IsReadBesidePositions(string text) => Assert.Equal(4503, LastEventId.Parse(text)!.StayAway);

    [Theory]
    [InlineData("42")]
    [InlineData("a")]
    [InlineData("a;e")]
    [InlineData("a;e;1;2")]
    [InlineData("a;e;-1")]
    [InlineData("a;e;1.5")]
    [InlineData("a;e;9007199254740992")]
    [InlineData("a;;1")]
    [InlineData(";e;1")]
    [InlineData("a b;e;1")]
    [InlineData("a;e e;1")]
    [InlineData("a;e\nretry: 1;1")]
    [InlineData("a;e;1,")]
    [InlineData("a;e;1,rubbish")]
    [InlineData("!x")]
    public void Rubbish_IsNotRead(string text) => Assert.Null(LastEventId.Parse(text));

    [Fact]
    public void Resume_PutsPositionsToTheNamedRooms_AndAddsNone()
    {
        var id = LastEventId.Parse("a;e;9,c;e;3")!;

        var rooms = id.Resume([new RequestedRoom("a", new RoomPosition("e", 1), null), new RequestedRoom("b", new RoomPosition("e", 2), null)], areNamed: true, null);

        Assert.Equal([("a", 9), ("b", 2)], rooms.Select(room => (room.Name, room.Since!.Value.Offset)));
    }

    // What the client has is newer than an item of the query that cannot be read.
    [Fact]
    public void Resume_WinsOverAnItemThatIsWrong() =>
        Assert.True(LastEventId.Parse("a;e;9")!.Resume([new RequestedRoom("a", null, "wrong")], areNamed: true, null).Single().IsWellFormed);

    [Fact]
    public void Resume_WithoutNamedRooms_TakesThoseOfTheId()
    {
        var rooms = LastEventId.Parse("$user.ann;e;1,a;e;9")!.Resume([new RequestedRoom("$user.ann", null, null)], areNamed: false, "$user.ann");

        Assert.Equal([("$user.ann", 1), ("a", 9)], rooms.Select(room => (room.Name, room.Since!.Value.Offset)));
    }

    // A line break in an epoch would let one client write fields into its own stream; nobody else's, but it is no epoch of ours.
    [Fact]
    public void Epoch_OfTheQuery_ThatIsNone_DoesNotComeIntoTheId() =>
        Assert.True(new StreamPositions([new RequestedRoom("a", new RoomPosition("e\nretry: 1", 1), null)]).IsEmpty);

    [Fact]
    public void LongestId_IsNeverExceeded()
    {
        var rooms = Enumerable.Range(0, 100).Select(i => new RequestedRoom($"{i:D3}".PadLeft(128, 'r'), new RoomPosition(new string('e', 32), RoomPosition.MaxOffset), null)).ToList();

        var length = new StreamPositions(rooms).WriteTo(new ArrayBufferWriter<byte>());

        Assert.InRange(length, 17_000, StreamPositions.LongestId(rooms));
    }
}
