using System.Buffers;
using System.Text;
using System.Text.Json;
using CsCheck;
using Fanout.Shared.MessagePack;
using Xunit;

namespace Fanout.Tests.Unit.Shared.MessagePack;

public sealed class PayloadPropertyTests
{
    private const int MaxDepth = PayloadTranscoder.MaxDepth;

    [Fact]
    public void Json_ThroughMessagePackAndBack_KeepsEveryTokenInOrder()
        => PayloadGen.Json.Sample(
            json =>
            {
                var packed = Bytes.ToMessagePack(json);
                Assert.Equal(packed.Length, NaiveMessagePack.LengthOfValid(packed, MaxDepth));
                var back = Bytes.ToJsonBytes(packed);
                AssertSameTokens(Encoding.UTF8.GetBytes(json), back);

                // From here on the form is settled: another trip changes no byte.
                Assert.Equal(back, Bytes.ToJsonBytes(Bytes.ToMessagePack(back)));
            },
            iter: 3000);

    [Fact]
    public void MessagePack_ThatIsValid_AlwaysTranscodesToValidJson()
        => PayloadGen.MessagePack.Sample(
            packed =>
            {
                var json = Bytes.ToJsonBytes(packed);
                using var parsed = JsonDocument.Parse(json);
                AssertSameTokens(json, Bytes.ToJsonBytes(Bytes.ToMessagePack(json)));
            },
            iter: 3000);

    [Fact]
    public void Validator_OnAnyBytes_AgreesWithTheNaiveReader()
        => PayloadGen.Noise.Sample(AssertAgreement, iter: 20_000);

    [Fact]
    public void Validator_OnEveryTwoBytes_AgreesWithTheNaiveReader()
    {
        for (var i = 0; i < 65_536; i++)
            AssertAgreement([(byte)(i >> 8), (byte)i]);
    }

    [Fact]
    public void Transcoder_OnAnyBytesAsJson_AgreesWithSystemTextJsonAndNeverThrows()
        => Gen.OneOf(
                PayloadGen.Noise,
                Gen.Select(PayloadGen.Json, Gen.UInt, Gen.Byte, (json, at, value) =>
                {
                    var bytes = Encoding.UTF8.GetBytes(json);
                    bytes[at % bytes.Length] = value;
                    return bytes;
                }))
            .Sample(
                bytes =>
                {
                    var output = new ArrayBufferWriter<byte>();
                    if (!PayloadTranscoder.TryJsonToMessagePack(bytes, output, out var problem))
                    {
                        Assert.NotNull(problem);
                        Assert.Equal(0, output.WrittenCount);
                        return;
                    }

                    using var parsed = JsonDocument.Parse(bytes);
                    Assert.Equal(output.WrittenCount, NaiveMessagePack.LengthOfValid(output.WrittenSpan.ToArray(), MaxDepth));
                },
                iter: 20_000);

    [Fact]
    public void Reader_OnAnyBytes_NeverThrowsAndNeverLeavesTheInput()
        => PayloadGen.Noise.Sample(
            bytes =>
            {
                var reader = new MessagePackReader(bytes);
                var steps = 0;
                while (TryStep(ref reader))
                {
                    Assert.InRange(reader.Position, ++steps, bytes.Length);
                    Assert.Equal(reader.Position == bytes.Length, reader.IsAtEnd);
                }
            },
            iter: 20_000);

    private static bool TryStep(ref MessagePackReader reader)
        => reader.TryReadNil() || reader.TryReadBoolean(out _) || reader.TryReadInt64(out _) || reader.TryReadUInt64(out _)
            || reader.TryReadSingle(out _) || reader.TryReadDouble(out _) || reader.TryReadString(out _) || reader.TryReadBinary(out _)
            || reader.TryReadArrayHeader(out _) || reader.TryReadMapHeader(out _) || reader.TrySkip();

    private static void AssertAgreement(byte[] bytes)
    {
        var expected = NaiveMessagePack.LengthOfValid(bytes, MaxDepth);
        Assert.Equal(expected is not null, MessagePackValidator.TryValidate(bytes, MaxDepth, out var consumed, out var problem));
        Assert.Equal(expected ?? 0, consumed);
        Assert.Equal(expected is null, problem is not null);

        var output = new ArrayBufferWriter<byte>();
        Assert.Equal(expected == bytes.Length, PayloadTranscoder.TryMessagePackToJson(bytes, output, out _));
        Assert.Equal(expected == bytes.Length, output.WrittenCount > 0);

        var reader = new MessagePackReader(bytes);
        if (reader.TrySkip())
            Assert.InRange(reader.Position, 1, bytes.Length);
        if (expected is not null)
            Assert.Equal(expected, reader.Position);
    }

    private static void AssertSameTokens(ReadOnlySpan<byte> expected, ReadOnlySpan<byte> actual)
    {
        var left = new Utf8JsonReader(expected);
        var right = new Utf8JsonReader(actual);
        while (left.Read())
        {
            Assert.True(right.Read());
            Assert.Equal(left.TokenType, right.TokenType);
            if (left.TokenType is JsonTokenType.String or JsonTokenType.PropertyName)
                Assert.Equal(left.GetString(), right.GetString());
            if (left.TokenType is not JsonTokenType.Number)
                continue;
            Assert.Equal(BitConverter.DoubleToInt64Bits(left.GetDouble()), BitConverter.DoubleToInt64Bits(right.GetDouble()));
            if (left.TryGetInt64(out var signed))
                Assert.True(right.TryGetInt64(out var same) && same == signed);
            if (left.TryGetUInt64(out var unsigned))
                Assert.True(right.TryGetUInt64(out var same) && same == unsigned);
        }

        Assert.False(right.Read());
    }
}
