using CsCheck;
using Fanout.Shared.Protocol;
using Fanout.Shared.Rooms;
using Xunit;

namespace Fanout.Tests.Unit.Shared.Rooms;

public sealed class RoomPropertyTests
{
    private static readonly Gen<string> Names = Gen.String[Gen.OneOf(Gen.Char['a', 'z'], Gen.OneOf('.', '_', ':', '@', '=', '-', 'Z', '0')), 1, 40].Where(name => RoomName.IsValid(name));

    [Fact]
    public void Pattern_OfAnyText_NeverThrows() =>
        Gen.Select(Gen.String[0, 40], Gen.String[0, 40]).Sample(
            (pattern, name) =>
            {
                var fits = RoomPattern.IsMatch(pattern, name);
                // The empty name is none, and only stars could stand for it.
                if (fits && name.Length == 0)
                    Assert.True(pattern.Trim('*').Length == 0);
                RoomPattern.IsValid(pattern);
            },
            iter: 20_000);

    // A name with any parts of it replaced by stars fits, and is a valid pattern.
    [Fact]
    public void Pattern_MadeOfAName_FitsIt() =>
        Gen.Select(Names, Gen.Bool.Array[40], (name, starred) =>
            (name, pattern: string.Concat(name.Select((c, i) => starred[i] ? "*" : c.ToString())))).Sample(
            (name, pattern) =>
            {
                Assert.True(RoomPattern.IsMatch(pattern, name));
                Assert.True(RoomPattern.IsMatch(name, name));
                Assert.Equal(!pattern.StartsWith('$'), !RoomPattern.IsMatch(pattern, "$" + name));
            },
            iter: 10_000);

    // Whoever writes settings or grants cannot make one match cost seconds.
    [Fact]
    public void Pattern_OfManyStars_CostsItsLengthTimesTheNames()
    {
        var pattern = string.Concat(Enumerable.Repeat("*a", ProtocolLimits.MaxRoomNameBytes / 2)) + "b";
        var name = new string('a', ProtocolLimits.MaxRoomNameBytes);

        for (var i = 0; i < 1_000; i++)
            Assert.False(RoomPattern.IsMatch(pattern, name));
    }

    // Found by this test: rooms that no user's name is written as were read as one all the same ($user.=41 as the user A, whose room is $user.A).
    [Fact]
    public void User_OfAnyRoom_IsTheOneWhoseRoomItIs() =>
        Gen.OneOf(
            Gen.String[0, 20],
            Gen.OneOf("=", "41", "C3", "c3", "BC", "bc", "FF", "a", "=3D", "=2", "ü", ".", "$").Array[0, 8].Select(parts => string.Concat(parts)))
            .Select(rest => RoomName.UserPrefix + rest)
            .Sample(
                room =>
                {
                    if (UserRoom.TryUserOf(room) is { } user)
                        Assert.Equal(room, UserRoom.TryNameFor(user));
                },
                iter: 20_000);

    [Fact]
    public void Position_OfAnyText_IsReadWithinItsBounds() =>
        Gen.Select(Gen.String[0, 70], Gen.OneOf(Gen.String[0, 20], Gen.Long.Select(number => $"{number}"), Gen.OneOf("+1", " 1", "1 ", "0x1", "1e3", "٣"))).Sample(
            (epoch, offset) =>
            {
                if (!RoomPosition.TryParse(epoch, offset, out var position))
                    return;
                Assert.InRange(position.Offset, 0, RoomPosition.MaxOffset);
                Assert.All(offset, c => Assert.InRange(c, '0', '9'));
            },
            iter: 20_000);
}
