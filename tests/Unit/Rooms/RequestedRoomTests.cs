using Fanout.Node.Rooms;
using Fanout.Shared.Rooms;
using Xunit;

namespace Fanout.Tests.Unit.Rooms;

public sealed class RequestedRoomTests
{
    [Fact]
    public void List_OfNamesAndPositions_IsRead()
    {
        var rooms = RequestedRoom.ParseList("a;e1;5, b ,$user.ann;e2;0,")!;

        Assert.Equal(
            [new("a", new RoomPosition("e1", 5), null), new("b", null, null), new RequestedRoom("$user.ann", new RoomPosition("e2", 0), null)], rooms);
        Assert.All(rooms, room => Assert.True(room.IsWellFormed));
    }

    // A bad item is answered for itself; the others are joined.
    [Theory]
    [InlineData("a;epoch")]
    [InlineData("a;;")]
    [InlineData("a;;-1")]
    [InlineData("a;;5;")]
    [InlineData("a;;99999999999")]
    [InlineData("a;last;5x")]
    [InlineData("a;e;-1")]
    [InlineData("a;e;+1")]
    [InlineData("a;e;1.5")]
    [InlineData("a;e;99999999999999999999")]
    [InlineData("a;e;1;2")]
    public void Item_WithABadPosition_HasAProblem(string item)
    {
        var rooms = RequestedRoom.ParseList($"{item},b")!;

        Assert.Equal(["a", "b"], rooms.Select(room => room.Name));
        Assert.Equal([false, true], rooms.Select(room => room.IsWellFormed));
        Assert.NotEmpty(rooms[0].Problem!);
    }

    [Theory]
    [InlineData("a;;5", 5)]
    [InlineData("a;;0", 0)]
    [InlineData("a;;10001", 10_000)]
    public void Item_WithAnEmptyEpoch_AsksForTheLastN(string item, int last) =>
        Assert.Equal([new RequestedRoom("a", null, null) { Last = last }, new RequestedRoom("b", null, null)], RequestedRoom.ParseList($"{item},b")!);

    [Fact]
    public void Epoch_OfMoreThan64Characters_IsAProblem()
    {
        Assert.Null(RequestedRoom.ParseList($"a;{new string('e', 64)};1")![0].Problem);
        Assert.NotNull(RequestedRoom.ParseList($"a;{new string('e', 65)};1")![0].Problem);
    }

    [Fact]
    public void Room_NamedTwice_CountsOnce() => Assert.Equal([new RequestedRoom("a", null, null)], RequestedRoom.ParseList("a,a;e;5,a"));

    [Fact]
    public void Name_ThatIsNone_IsKeptForItsAnswer() => Assert.Equal([false], RequestedRoom.ParseList("a room")!.Select(room => room.IsWellFormed));

    [Theory]
    [InlineData("")]
    [InlineData(",")]
    [InlineData(" , ,")]
    public void List_OfNothing_IsEmpty(string value) => Assert.Empty(RequestedRoom.ParseList(value)!);
}
