using CsCheck;
using Fanout.Shared.Rooms;
using Xunit;

namespace Fanout.Tests.Unit.Shared.Rooms;

public sealed class UserRoomTests
{
    [Theory]
    [InlineData("ann", "$user.ann")]
    [InlineData("ann@example.org", "$user.ann@example.org")]
    [InlineData("auth0|5f7", "$user.auth0=7C5f7")]
    [InlineData("a=b", "$user.a=3Db")]
    [InlineData("ü", "$user.=C3=BC")]
    [InlineData(" ", "$user.=20")]
    [InlineData(".", "$user..")]
    [InlineData("$", "$user.=24")]
    public void Name_EscapesBytesOutsideTheAlphabet_AndGoesBack(string user, string room)
    {
        Assert.Equal(room, UserRoom.TryNameFor(user));
        Assert.Equal(user, UserRoom.TryUserOf(room));
        Assert.True(RoomName.IsValid(room));
    }

    // One to one: two users never share a room.
    [Fact]
    public void Name_OfAnyUser_IsValid_AndGoesBack() =>
        Gen.String[1, 20].Where(user => user == System.Text.Encoding.UTF8.GetString(System.Text.Encoding.UTF8.GetBytes(user))).Sample(
            user =>
            {
                if (UserRoom.TryNameFor(user) is not { } room)
                    return;
                Assert.True(RoomName.IsValid(room));
                Assert.Equal(user, UserRoom.TryUserOf(room));
            },
            iter: 5_000);

    [Fact]
    public void Name_ThatWouldBeTooLong_IsNone()
    {
        Assert.NotNull(UserRoom.TryNameFor(new string('u', 122)));
        Assert.Null(UserRoom.TryNameFor(new string('u', 123)));
        Assert.Null(UserRoom.TryNameFor(new string(' ', 50)));
        Assert.Null(UserRoom.TryNameFor(""));
    }

    [Theory]
    [InlineData("ann")]
    [InlineData("$all")]
    [InlineData("$user.")]
    [InlineData("$user.a=")]
    [InlineData("$user.a=2")]
    [InlineData("$user.a=GG")]
    public void User_OfARoomThatIsNoUsers_IsNone(string room) => Assert.Null(UserRoom.TryUserOf(room));
}
