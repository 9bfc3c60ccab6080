using Fanout.Shared.MessagePack;
using Xunit;

namespace Fanout.Tests.Unit.Shared.MessagePack;

public sealed class MessagePackReaderTests
{
    /// <summary>Type and length for all 256 format bytes as the specification lists them, with only zeros behind the byte.</summary>
    private static (MessagePackType Type, int Length) Expected(int format) => format switch
    {
        <= 0x7f or >= 0xe0 => (MessagePackType.Integer, 1),
        <= 0x8f => (MessagePackType.Map, 1),
        <= 0x9f => (MessagePackType.Array, 1),
        <= 0xbf => (MessagePackType.String, 1 + (format & 0x1f)),
        0xc0 => (MessagePackType.Nil, 1),
        0xc1 => (MessagePackType.NeverUsed, 1),
        0xc2 or 0xc3 => (MessagePackType.Boolean, 1),
        0xc4 => (MessagePackType.Binary, 2),
        0xc5 => (MessagePackType.Binary, 3),
        0xc6 => (MessagePackType.Binary, 5),
        0xc7 => (MessagePackType.Extension, 3),
        0xc8 => (MessagePackType.Extension, 4),
        0xc9 => (MessagePackType.Extension, 6),
        0xca => (MessagePackType.Float32, 5),
        0xcb => (MessagePackType.Float64, 9),
        0xcc or 0xd0 => (MessagePackType.Integer, 2),
        0xcd or 0xd1 => (MessagePackType.Integer, 3),
        0xce or 0xd2 => (MessagePackType.Integer, 5),
        0xcf or 0xd3 => (MessagePackType.Integer, 9),
        0xd4 => (MessagePackType.Extension, 3),
        0xd5 => (MessagePackType.Extension, 4),
        0xd6 => (MessagePackType.Extension, 6),
        0xd7 => (MessagePackType.Extension, 10),
        0xd8 => (MessagePackType.Extension, 18),
        0xd9 => (MessagePackType.String, 2),
        0xda => (MessagePackType.String, 3),
        0xdb => (MessagePackType.String, 5),
        0xdc => (MessagePackType.Array, 3),
        0xdd => (MessagePackType.Array, 5),
        0xde => (MessagePackType.Map, 3),
        _ => (MessagePackType.Map, 5),
    };

    [Fact]
    public void TryPeekType_ForEveryFormatByte_TellsTheTypeAndStays()
    {
        for (var format = 0; format <= 0xff; format++)
        {
            var reader = new MessagePackReader([(byte)format, .. new byte[64]]);
            Assert.True(reader.TryPeekType(out var type));
            Assert.Equal(Expected(format).Type, type);
            Assert.Equal(0, reader.Position);
        }
    }

    [Fact]
    public void TryPeekType_WhenTheTokenIsCutShort_IsFalse()
    {
        for (var format = 0; format <= 0xff; format++)
        {
            for (var length = 0; length < Expected(format).Length; length++)
            {
                byte[] whole = [(byte)format, .. new byte[64]];
                var reader = new MessagePackReader(whole.AsSpan(0, length));
                Assert.False(reader.TryPeekType(out _), $"{format:x2} {length}");
                Assert.False(reader.TrySkip());
                Assert.Equal(0, reader.Position);
            }
        }
    }

    [Fact]
    public void TrySkip_ForEveryFormatByte_MovesPastTheValueAndItsElements()
    {
        for (var format = 0; format <= 0xff; format++)
        {
            var inside = format switch { >= 0x80 and <= 0x8f => 2 * (format & 0x0f), >= 0x90 and <= 0x9f => format & 0x0f, _ => 0 };
            var reader = new MessagePackReader([(byte)format, .. new byte[64]]);
            Assert.Equal(format != 0xc1, reader.TrySkip());
            Assert.Equal(format == 0xc1 ? 0 : Expected(format).Length + inside, reader.Position);
        }
    }

    [Fact]
    public void TrySkip_OfNestedValues_StopsBehindTheOutermost()
    {
        var reader = new MessagePackReader(Bytes.Hex("82 a161 92 01 81 a162 c0 a163 93 c2 c3 a0 7f"));
        Assert.True(reader.TrySkip());
        Assert.Equal(15, reader.Position);
        Assert.False(reader.IsAtEnd);
        Assert.True(reader.TryReadInt64(out var last));
        Assert.Equal(127, last);
        Assert.True(reader.IsAtEnd);
        Assert.False(reader.TrySkip());
    }

    [Fact]
    public void TryReadNilAndBoolean_OfThemselvesAndOthers_TellThemApart()
    {
        var reader = new MessagePackReader([0xc0, 0xc2, 0xc3]);
        Assert.False(reader.TryReadBoolean(out _));
        Assert.True(reader.TryReadNil());
        Assert.False(reader.TryReadNil());
        Assert.True(reader.TryReadBoolean(out var first));
        Assert.True(reader.TryReadBoolean(out var second));
        Assert.False(first);
        Assert.True(second);
        Assert.False(reader.TryReadNil());
        Assert.False(reader.TryReadBoolean(out _));
    }
}
