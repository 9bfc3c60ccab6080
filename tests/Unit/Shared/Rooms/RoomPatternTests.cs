using System.Text.RegularExpressions;
using CsCheck;
using Fanout.Shared.Rooms;
using Xunit;

namespace Fanout.Tests.Unit.Shared.Rooms;

public sealed class RoomPatternTests
{
    [Theory]
    [InlineData("chat.*", "chat.42", true)]
    [InlineData("chat.*", "chat.", true)]
    [InlineData("chat.*", "chat", false)]
    [InlineData("chat.*", "chats.1", false)]
    [InlineData("*", "anything", true)]
    [InlineData("*.42", "chat.42", true)]
    [InlineData("a*b*c", "abc", true)]
    [InlineData("a*b*c", "a--b--b--c", true)]
    [InlineData("a*b*c", "acb", false)]
    [InlineData("chat", "chat", true)]
    [InlineData("chat", "Chat", false)]
    [InlineData("", "a", false)]
    // A star never stands for a service's own name; one that begins with the dollar may.
    [InlineData("*", "$all", false)]
    [InlineData("*", "$user.ann", false)]
    [InlineData("*user.ann", "$user.ann", false)]
    [InlineData("$user.*", "$user.ann", true)]
    [InlineData("$*", "$user.ann", true)]
    [InlineData("$user.ann", "$user.ann", true)]
    public void Pattern_MatchesTheNamesThatItsStarsStandFor(string pattern, string room, bool matches) =>
        Assert.Equal(matches, RoomPattern.IsMatch(pattern, room));

    [Fact]
    public void Pattern_OfAnyKind_AgreesWithARegularExpression() =>
        Gen.Select(Gen.String[Gen.OneOf(Gen.OneOf('*', 'a', 'b', '$'), Gen.OneOf('*', 'a')), 0, 8], Gen.String[Gen.OneOf('a', 'b', '$'), 1, 10]).Sample(
            (pattern, room) =>
            {
                var expected = Regex.IsMatch(room, "^" + Regex.Escape(pattern).Replace("\\*", ".*", StringComparison.Ordinal) + "$")
                    && (!room.StartsWith('$') || pattern.StartsWith('$'));
                Assert.Equal(expected, RoomPattern.IsMatch(pattern, room));
            },
            iter: 20_000);

    [Theory]
    [InlineData("*", true)]
    [InlineData("chat.*", true)]
    [InlineData("$user.*", true)]
    [InlineData("$*", true)]
    [InlineData("plain", true)]
    [InlineData("", false)]
    [InlineData("a room", false)]
    [InlineData("a/*", false)]
    [InlineData("a?", false)]
    [InlineData("a$*", false)]
    public void Pattern_IsValid_WhenANameCouldFitIt(string pattern, bool valid) => Assert.Equal(valid, RoomPattern.IsValid(pattern));
}
