using Fanout.Shared.MessagePack;
using Xunit;

namespace Fanout.Tests.Unit.Shared.MessagePack;

public sealed class MessagePackReaderNumberTests
{
    [Theory]
    [InlineData("00", 0)]
    [InlineData("7f", 127)]
    [InlineData("e0", -32)]
    [InlineData("ff", -1)]
    [InlineData("cc00", 0)] // not the shortest form, but legal
    [InlineData("ccff", 255)]
    [InlineData("cdffff", 65535)]
    [InlineData("ceffffffff", 4294967295)]
    [InlineData("cf7fffffffffffffff", long.MaxValue)]
    [InlineData("d07f", 127)]
    [InlineData("d080", -128)]
    [InlineData("d17fff", 32767)]
    [InlineData("d18000", -32768)]
    [InlineData("d27fffffff", 2147483647)]
    [InlineData("d280000000", -2147483648)]
    [InlineData("d37fffffffffffffff", long.MaxValue)]
    [InlineData("d38000000000000000", long.MinValue)]
    public void TryReadInt64_OfAnyIntegerFormat_ReadsTheValue(string hex, long expected)
    {
        var bytes = Bytes.Hex(hex);
        var reader = new MessagePackReader(bytes);
        Assert.True(reader.TryReadInt64(out var value));
        Assert.Equal(expected, value);
        Assert.True(reader.IsAtEnd);

        reader = new MessagePackReader(bytes);
        Assert.Equal(expected >= 0, reader.TryReadUInt64(out var unsigned));
        Assert.Equal(expected >= 0 ? (ulong)expected : 0, unsigned);
        Assert.Equal(expected >= 0 ? bytes.Length : 0, reader.Position);
    }

    [Fact]
    public void TryReadInt64_AboveItsRange_IsFalseAndUInt64ReadsIt()
    {
        var reader = new MessagePackReader(Bytes.Hex("cf8000000000000000"));
        Assert.False(reader.TryReadInt64(out var none));
        Assert.Equal(0, none);
        Assert.Equal(0, reader.Position);
        Assert.True(reader.TryReadUInt64(out var value));
        Assert.Equal(1UL << 63, value);
    }

    [Fact]
    public void TryReadDouble_OfBothWidths_ReadsThemAndRefusesIntegers()
    {
        var reader = new MessagePackReader(Bytes.Hex("cb3fb999999999999a ca3fc00000 01"));
        Assert.False(reader.TryReadSingle(out _));
        Assert.False(reader.TryReadInt64(out _));
        Assert.True(reader.TryReadDouble(out var wide));
        Assert.Equal(0.1, wide);
        Assert.True(reader.TryReadDouble(out var narrow));
        Assert.Equal(1.5, narrow);
        Assert.False(reader.TryReadDouble(out _));
        Assert.Equal(14, reader.Position);
    }

    [Fact]
    public void TryReadSingle_OfAFloat32_ReadsItAsItIs()
    {
        var reader = new MessagePackReader(Bytes.Hex("ca3dcccccd ca7fc00000"));
        Assert.True(reader.TryReadSingle(out var value));
        Assert.Equal(0.1f, value);
        Assert.True(reader.TryReadSingle(out value));
        Assert.True(float.IsNaN(value));
    }
}
