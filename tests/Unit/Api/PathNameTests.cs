using Fanout.Node.Api;
using Xunit;

namespace Fanout.Tests.Unit.Api;

public sealed class PathNameTests
{
    [Theory]
    [InlineData("/api/v1/users/ann", "ann")]
    [InlineData("/api/v1/users/ann/messages?x=/y", "ann")]
    [InlineData("/API/V1/Rooms/a%2Fb/history", "a%2Fb")]
    [InlineData("/api/v1/users//messages", "")]
    [InlineData("/x/../api/v1/users/ann", "")]
    [InlineData("/api/v1/rooms/x/../ann/history", "")]
    [InlineData("/api/v1/rooms/x/%2E%2e/ann/history", "")]
    [InlineData("/api/v1/rooms/./ann/history", "")]
    [InlineData("/api/v1/rooms/.%2e/x", "")]
    [InlineData("/api/v1/rooms/.../history?x=/../", "...")]
    [InlineData("/api/v1/rooms/.ann/history", ".ann")]
    [InlineData("/api/v1", "")]
    [InlineData("http://host/api/v1/users/ann", "")]
    [InlineData("*", "")]
    public void Segment_IsTheName_WhereTheTargetIsWrittenAsTheRoute(string target, string expected) => Assert.Equal(expected, PathName.Segment(target).ToString());

    [Theory]
    [InlineData("ann", "ann")]
    [InlineData("a%2Fb", "a/b")]
    [InlineData("a%252Fb", "a%2Fb")]
    [InlineData("a+b", "a+b")]
    [InlineData("%c3%BC", "ü")]
    [InlineData("ü%20", "ü ")]
    [InlineData("%", null)]
    [InlineData("%2", null)]
    [InlineData("%2g", null)]
    [InlineData("%FF", null)]
    [InlineData("%C3", null)]
    [InlineData("%ED%A0%80", null)]
    public void Decode_IsDoneOnce_AndWholly(string text, string? expected) => Assert.Equal(expected, PathName.Decode(text));
}
