using System.Buffers;
using System.Text;
using Fanout.Shared.MessagePack;
using Xunit;

namespace Fanout.Tests.Unit.Shared.MessagePack;

public sealed class MessagePackWriterTests
{
    [Theory]
    [InlineData(0L, "00")]
    [InlineData(127L, "7f")]
    [InlineData(128L, "cc80")]
    [InlineData(255L, "ccff")]
    [InlineData(256L, "cd0100")]
    [InlineData(65535L, "cdffff")]
    [InlineData(65536L, "ce00010000")]
    [InlineData(4294967295L, "ceffffffff")]
    [InlineData(4294967296L, "cf0000000100000000")]
    [InlineData(long.MaxValue, "cf7fffffffffffffff")]
    [InlineData(-1L, "ff")]
    [InlineData(-32L, "e0")]
    [InlineData(-33L, "d0df")]
    [InlineData(-128L, "d080")]
    [InlineData(-129L, "d1ff7f")]
    [InlineData(-32768L, "d18000")]
    [InlineData(-32769L, "d2ffff7fff")]
    [InlineData(-2147483648L, "d280000000")]
    [InlineData(-2147483649L, "d3ffffffff7fffffff")]
    [InlineData(long.MinValue, "d38000000000000000")]
    public void WriteInt64_AtEachBoundary_TakesTheShortestFormat(long value, string hex)
    {
        Assert.Equal(hex, Bytes.ToHex(Bytes.Written(w => w.WriteInt64(value))));
        if (value >= 0)
            Assert.Equal(hex, Bytes.ToHex(Bytes.Written(w => w.WriteUInt64((ulong)value))));
    }

    [Fact]
    public void WriteUInt64_AboveInt64_TakesUInt64()
        => Assert.Equal("cfffffffffffffffff", Bytes.ToHex(Bytes.Written(w => w.WriteUInt64(ulong.MaxValue))));

    [Fact]
    public void WriteScalars_OneOfEach_AreAsInTheSpecification()
    {
        Assert.Equal("c0", Bytes.ToHex(Bytes.Written(w => w.WriteNil())));
        Assert.Equal("c2", Bytes.ToHex(Bytes.Written(w => w.WriteBoolean(false))));
        Assert.Equal("c3", Bytes.ToHex(Bytes.Written(w => w.WriteBoolean(true))));
        Assert.Equal("cb3ff8000000000000", Bytes.ToHex(Bytes.Written(w => w.WriteDouble(1.5))));
        Assert.Equal("cb8000000000000000", Bytes.ToHex(Bytes.Written(w => w.WriteDouble(-0.0))));
    }

    [Theory]
    [InlineData(0, "a0")]
    [InlineData(31, "bf")]
    [InlineData(32, "d920")]
    [InlineData(255, "d9ff")]
    [InlineData(256, "da0100")]
    [InlineData(65535, "daffff")]
    [InlineData(65536, "db00010000")]
    public void WriteString_AtEachLength_TakesTheShortestHeader(int length, string header)
    {
        var text = new string('x', length);
        var expected = header + Bytes.ToHex(Encoding.UTF8.GetBytes(text));
        Assert.Equal(expected, Bytes.ToHex(Bytes.Written(w => w.WriteString(text))));
        Assert.Equal(expected, Bytes.ToHex(Bytes.Written(w => w.WriteString(Encoding.UTF8.GetBytes(text)))));
    }

    [Fact]
    public void WriteString_OfChars_CountsUtf8BytesAndReplacesLoneSurrogates()
    {
        Assert.Equal("a2c3a9", Bytes.ToHex(Bytes.Written(w => w.WriteString("é"))));
        Assert.Equal("a4f09f9880", Bytes.ToHex(Bytes.Written(w => w.WriteString("\U0001F600"))));
        Assert.Equal("a3efbfbd", Bytes.ToHex(Bytes.Written(w => w.WriteString("\ud800"))));
    }

    [Theory]
    [InlineData(0, "c400")]
    [InlineData(255, "c4ff")]
    [InlineData(256, "c50100")]
    [InlineData(65535, "c5ffff")]
    [InlineData(65536, "c600010000")]
    public void WriteBinary_AtEachLength_TakesTheShortestHeader(int length, string header)
    {
        var value = new byte[length];
        Assert.Equal(header + Bytes.ToHex(value), Bytes.ToHex(Bytes.Written(w => w.WriteBinary(value))));
    }

    [Theory]
    [InlineData(0, "90", "80")]
    [InlineData(15, "9f", "8f")]
    [InlineData(16, "dc0010", "de0010")]
    [InlineData(65535, "dcffff", "deffff")]
    [InlineData(65536, "dd00010000", "df00010000")]
    [InlineData(int.MaxValue, "dd7fffffff", "df7fffffff")]
    public void WriteHeaders_AtEachCount_TakeTheShortestFormat(int count, string array, string map)
    {
        Assert.Equal(array, Bytes.ToHex(Bytes.Written(w => w.WriteArrayHeader(count))));
        Assert.Equal(map, Bytes.ToHex(Bytes.Written(w => w.WriteMapHeader(count))));
    }

    [Fact]
    public void WriteHeaders_OfANegativeCount_Throw()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => Bytes.Written(w => w.WriteArrayHeader(-1)));
        Assert.Throws<ArgumentOutOfRangeException>(() => Bytes.Written(w => w.WriteMapHeader(-1)));
    }

    [Fact]
    public void WriteRaw_OfAnEncodedValue_AppendsItAsItIs()
        => Assert.Equal("81a17093010203", Bytes.ToHex(Bytes.Written(w =>
        {
            w.WriteMapHeader(1);
            w.WriteString("p"u8);
            w.WriteRaw([0x93, 1, 2, 3]);
        })));

    [Fact]
    public void Constructor_WithoutOutput_Throws()
        => Assert.Throws<ArgumentNullException>(() => { _ = new MessagePackWriter((IBufferWriter<byte>)null!); });
}
