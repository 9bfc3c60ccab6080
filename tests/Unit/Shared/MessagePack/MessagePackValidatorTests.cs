using Fanout.Shared.MessagePack;
using Xunit;

namespace Fanout.Tests.Unit.Shared.MessagePack;

public sealed class MessagePackValidatorTests
{
    private static string? Problem(string hex, int maxDepth = PayloadTranscoder.MaxDepth)
    {
        var valid = MessagePackValidator.TryValidate(Bytes.Hex(hex), maxDepth, out var consumed, out var problem);
        Assert.Equal(valid, problem is null);
        Assert.Equal(valid, consumed > 0);
        return problem;
    }

    [Theory]
    [InlineData("c0", 1)]
    [InlineData("80", 1)]
    [InlineData("90", 1)]
    [InlineData("92 90 80", 3)]
    [InlineData("cb7fefffffffffffff", 9)]
    [InlineData("c402fffe", 4)] // binary may be any bytes
    [InlineData("82 a161 81 a0 c3 a162 93 01 02 03 c1", 12)] // what follows the value is not looked at
    [InlineData("82 a161 01 a161 02", 7)] // duplicate keys pass
    [InlineData("a4f09f9880 ff", 5)]
    public void TryValidate_OfAGoodValue_TellsItsLength(string hex, int length)
    {
        Assert.True(MessagePackValidator.TryValidate(Bytes.Hex(hex), 64, out var consumed, out var problem), problem);
        Assert.Equal(length, consumed);
    }

    [Theory]
    [InlineData("", "the bytes end where a value is due, at byte 0")]
    [InlineData("92c0", "the value at byte 0 is cut short")]
    [InlineData("92 91c0", "the bytes end where a value is due, at byte 3")]
    [InlineData("92 c0 a461", "the value at byte 2 is cut short")]
    [InlineData("91 c1", "the byte 0xc1 at byte 1 is not MessagePack")]
    [InlineData("ca7fc00000", "the number at byte 0 is not finite")]
    [InlineData("91 ca7f800000", "the number at byte 1 is not finite")]
    [InlineData("caff800000", "the number at byte 0 is not finite")]
    [InlineData("cb7ff8000000000000", "the number at byte 0 is not finite")]
    [InlineData("cb7ff0000000000000", "the number at byte 0 is not finite")]
    [InlineData("cbfff0000000000000", "the number at byte 0 is not finite")]
    [InlineData("82 a161 c0 01 c0", "the map key at byte 4 is not a string")]
    [InlineData("81 90 c0", "the map key at byte 1 is not a string")]
    [InlineData("81 c40161 c0", "the map key at byte 1 is not a string")]
    [InlineData("81 c0 c0", "the map key at byte 1 is not a string")]
    [InlineData("92 81 a1ff c0 c0", "the string at byte 2 is not valid UTF-8")]
    [InlineData("a2c080", "the string at byte 0 is not valid UTF-8")] // overlong
    [InlineData("a3eda080", "the string at byte 0 is not valid UTF-8")] // surrogate
    [InlineData("d901ff", "the string at byte 0 is not valid UTF-8")]
    public void TryValidate_OfABadValue_SaysWhatIsWrongAndWhere(string hex, string problem) => Assert.Equal(problem, Problem(hex));

    [Theory]
    [InlineData("d401 00")]
    [InlineData("d501 0000")]
    [InlineData("d601 00000000")]
    [InlineData("d6ff 00000000")] // timestamp 32
    [InlineData("d7ff 0000000000000000")] // timestamp 64
    [InlineData("d801 00000000000000000000000000000000")]
    [InlineData("c700 01")]
    [InlineData("c70cff 000000000000000000000000")] // timestamp 96
    [InlineData("c80000 01")]
    [InlineData("c900000000 01")]
    public void TryValidate_OfAnExtension_RefusesIt(string hex)
        => Assert.Equal("the value at byte 0 is of an extension type", Problem(hex));

    [Theory]
    [InlineData("c0", 0, null)]
    [InlineData("90", 0, "the value at byte 0 is nested deeper than 0")]
    [InlineData("91 90", 2, null)]
    [InlineData("91 91 90", 2, "the value at byte 2 is nested deeper than 2")]
    [InlineData("81 a0 81 a0 90", 2, "the value at byte 4 is nested deeper than 2")]
    [InlineData("93 90 90 90", 2, null)] // beside each other is not deep
    public void TryValidate_AtTheDepthLimit_CountsOpenContainers(string hex, int maxDepth, string? problem)
        => Assert.Equal(problem, Problem(hex, maxDepth));

    [Theory]
    [InlineData(-1)]
    [InlineData(MessagePackValidator.MaxSupportedDepth + 1)]
    public void TryValidate_WithADepthOutOfRange_Throws(int maxDepth)
        => Assert.Throws<ArgumentOutOfRangeException>(() => MessagePackValidator.TryValidate([0xc0], maxDepth, out _, out _));

    [Fact]
    public void TryValidate_AtTheDeepestSupported_Works()
    {
        byte[] bytes = [.. Bytes.Repeat("91", MessagePackValidator.MaxSupportedDepth), 0xc0];
        Assert.True(MessagePackValidator.TryValidate(bytes, MessagePackValidator.MaxSupportedDepth, out var consumed, out _));
        Assert.Equal(bytes.Length, consumed);
    }
}
