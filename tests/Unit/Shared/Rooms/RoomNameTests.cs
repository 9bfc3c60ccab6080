using CsCheck;
using Fanout.Shared.Rooms;
using Xunit;

namespace Fanout.Tests.Unit.Shared.Rooms;

public sealed class RoomNameTests
{
    private const string Alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._:@=-";

    [Theory]
    [InlineData("a")]
    [InlineData(Alphabet)]
    [InlineData("...")]
    [InlineData(".a")]
    [InlineData("-")]
    [InlineData("$all")]
    [InlineData("$user.ann")]
    [InlineData("$user.a=20b")]
    public void Name_OfTheAlphabet_IsValid(string name) => Assert.True(RoomName.IsValid(name));

    [Theory]
    [InlineData("")]
    [InlineData(".")]
    [InlineData("..")]
    [InlineData("$")]
    [InlineData("$.")]
    [InlineData("$..")]
    [InlineData("a$")]
    [InlineData("$$a")]
    [InlineData("a b")]
    [InlineData("a/b")]
    [InlineData("a*")]
    [InlineData("{a}")]
    [InlineData("ä")]
    [InlineData("a\0")]
    public void Name_OfAnythingElse_IsNot(string name) => Assert.False(RoomName.IsValid(name));

    [Theory]
    [InlineData(128, true)]
    [InlineData(129, false)]
    public void Name_HasUpTo128Bytes(int length, bool valid) => Assert.Equal(valid, RoomName.IsValid(new string('a', length)));

    [Fact]
    public void Name_OfAnyCharacters_IsValidExactlyByTheRules() =>
        Gen.String[Gen.OneOf(Gen.Char[" ~"], Gen.Char), 0, 6].Sample(
            name =>
            {
                var rest = name.StartsWith('$') ? name[1..] : name;
                Assert.Equal(rest.Length > 0 && rest is not "." and not ".." && rest.All(Alphabet.Contains), RoomName.IsValid(name));
            },
            iter: 20_000);

    [Theory]
    [InlineData("$all", true, false)]
    [InlineData("$user.ann", true, true)]
    [InlineData("$user.", true, true)]
    [InlineData("$users", true, false)]
    [InlineData("user.ann", false, false)]
    public void ServiceRooms_BeginWithADollar(string name, bool service, bool user)
    {
        Assert.Equal(service, RoomName.IsServiceRoom(name));
        Assert.Equal(user, RoomName.IsUserRoom(name));
    }
}
