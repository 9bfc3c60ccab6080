using CsCheck;
using Fanout.Node.Connections.Handshake;
using Fanout.Node.Rooms;
using Fanout.Shared.Rooms;
using Xunit;

namespace Fanout.Tests.Unit.Rooms;

/// <summary>The query of a handshake, whatever it is.</summary>
public sealed class RequestedRoomPropertyTests
{
    private static readonly Gen<string> Lists = Gen.OneOf(
        Gen.String[0, 80],
        Gen.OneOf("a", "b", ",", ";", "0123456789abcdef0123456789abcdef", "0", "-1", "9007199254740991", "9007199254740992", "$user.ann", " ", "ä", "\0").Array[0, 20].Select(parts => string.Concat(parts)));

    [Fact]
    public void List_OfAnyText_IsReadWithoutAFault() =>
        Lists.Sample(
            text =>
            {
                var rooms = RequestedRoom.ParseList(text)!;
                Assert.Equal(rooms.Count, rooms.Select(room => room.Name).Distinct().Count());
                foreach (var room in rooms)
                {
                    Assert.DoesNotContain(',', room.Name);
                    Assert.False(room.Since is not null && (room.Problem is not null || room.Last is not null));
                    Assert.InRange(room.Last ?? 0, 0, RequestedRoom.MostLast);
                    if (room.Since is { } since)
                        Assert.InRange(since.Offset, 0, RoomPosition.MaxOffset);
                }
            },
            iter: 20_000);

    [Fact]
    public void List_ComesBackAsItWasWritten() =>
        Gen.Select(Gen.String[Gen.Char['a', 'z'], 1, 20], Gen.Nullable(Gen.Select(Gen.String[Gen.Char['0', '9'], 32, 32], Gen.Long[0, RoomPosition.MaxOffset]))).Array[0, 20].Sample(
            items =>
            {
                var wanted = items.DistinctBy(item => item.Item1).ToList();
                var text = string.Join(',', items.Select(item => item.Item2 is { } since ? $"{item.Item1};{since.Item1};{since.Item2}" : item.Item1));

                Assert.Equal(
                    wanted.Select(item => new RequestedRoom(item.Item1, item.Item2 is { } since ? new RoomPosition(since.Item1, since.Item2) : null, null)),
                    RequestedRoom.ParseList(HandshakeQuery.Get("?x=1&rooms=" + Uri.EscapeDataString(text), "rooms")!));
            },
            iter: 5_000);

    [Fact]
    public void Query_OfAnyText_IsReadWithoutAFault() =>
        Gen.OneOf(Gen.String[0, 60], Gen.OneOf("?", "&", "rooms", "=", "%", "%2", "%zz", "%00", "%ff", "+", "a").Array[0, 15].Select(parts => string.Concat(parts)))
            .Sample(
                text =>
                {
                    if (HandshakeQuery.Get(text, "rooms") is not null)
                        Assert.Contains("rooms", text, StringComparison.Ordinal);
                },
                iter: 20_000);
}
