using Fanout.Shared.MessagePack;
using Xunit;

namespace Fanout.Tests.Unit.Shared.MessagePack;

public sealed class MessagePackReaderSizedTests
{
    [Theory]
    [InlineData("a3616263")]
    [InlineData("d903616263")]
    [InlineData("da0003616263")]
    [InlineData("db00000003616263")]
    public void TryReadString_OfEachFormat_ReturnsTheBytes(string hex)
    {
        var reader = new MessagePackReader(Bytes.Hex(hex));
        Assert.False(reader.TryReadBinary(out _));
        Assert.True(reader.TryReadString(out var utf8));
        Assert.Equal("abc"u8, utf8);
        Assert.True(reader.IsAtEnd);
        Assert.False(reader.TryReadString(out _));
    }

    [Theory]
    [InlineData("c403616263")]
    [InlineData("c50003616263")]
    [InlineData("c600000003616263")]
    public void TryReadBinary_OfEachFormat_ReturnsTheBytes(string hex)
    {
        var reader = new MessagePackReader(Bytes.Hex(hex));
        Assert.False(reader.TryReadString(out _));
        Assert.True(reader.TryReadBinary(out var value));
        Assert.Equal("abc"u8, value);
        Assert.True(reader.IsAtEnd);
        Assert.False(reader.TryReadBinary(out _));
    }

    [Theory]
    [InlineData("92c0c0", 2, 1)]
    [InlineData("dc0002c0c0", 2, 3)]
    [InlineData("dd00000002c0c0", 2, 5)]
    [InlineData("90", 0, 1)]
    public void TryReadArrayHeader_OfEachFormat_StopsAtTheFirstElement(string hex, int expected, int position)
    {
        var reader = new MessagePackReader(Bytes.Hex(hex));
        Assert.False(reader.TryReadMapHeader(out _));
        Assert.True(reader.TryReadArrayHeader(out var count));
        Assert.Equal((expected, position), (count, reader.Position));
    }

    [Theory]
    [InlineData("81a0c0", 1, 1)]
    [InlineData("de0001a0c0", 1, 3)]
    [InlineData("df00000001a0c0", 1, 5)]
    [InlineData("80", 0, 1)]
    public void TryReadMapHeader_OfEachFormat_StopsAtTheFirstKey(string hex, int expected, int position)
    {
        var reader = new MessagePackReader(Bytes.Hex(hex));
        Assert.False(reader.TryReadArrayHeader(out _));
        Assert.True(reader.TryReadMapHeader(out var count));
        Assert.Equal((expected, position), (count, reader.Position));
    }

    [Theory]
    [InlineData("a461")]
    [InlineData("d9ff61")]
    [InlineData("dbffffffff61")]
    [InlineData("c6ffffffff61")]
    [InlineData("c67fffffff61")]
    [InlineData("ddffffffff61")]
    [InlineData("dfffffffff61")]
    [InlineData("df8000000061")] // twice this count is 2^32, which 32 bits would lose
    [InlineData("93c0c0")]
    [InlineData("82a0c0a0")]
    [InlineData("c9ffffffff0161")]
    [InlineData("d8017f")]
    public void EveryMethod_WhenTheLengthPromisesMoreThanThereIs_IsFalseAndStays(string hex)
    {
        var reader = new MessagePackReader(Bytes.Hex(hex));
        Assert.False(reader.TryPeekType(out _));
        Assert.False(reader.TryReadString(out var body) || reader.TryReadBinary(out body));
        Assert.True(body.IsEmpty);
        Assert.False(reader.TryReadArrayHeader(out var count) || reader.TryReadMapHeader(out count));
        Assert.Equal(0, count);
        Assert.False(reader.TrySkip());
        Assert.Equal(0, reader.Position);
    }
}
