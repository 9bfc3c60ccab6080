using System.Buffers;
using Fanout.Shared.MessagePack;
using Xunit;

namespace Fanout.Tests.Unit.Shared.MessagePack;

public sealed class AllocationTests
{
    private const int Rounds = 1000;

    // The smallest object takes 24 bytes. Not zero, since a collection may trim the array pool in between.
    private const int LessThanOneObject = 23;

    private static readonly byte[] Json =
        """{"id":18446744073709551615,"text":"caf\u00e9 \"quoted\" 😀","list":[1,2.5,-3,true,null,{"deep":[[[]]]}],"big":1e300}"""u8.ToArray();

    /// <summary>What one round allocates once pools, statics and the JIT have settled.</summary>
    private static double PerRound(Action round)
    {
        for (var i = 0; i < Rounds; i++)
            round();
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < Rounds; i++)
            round();
        return (GC.GetAllocatedBytesForCurrentThread() - before) / (double)Rounds;
    }

    [Fact]
    public void TryJsonToMessagePack_InTheSteadyState_AllocatesNothing()
    {
        var output = new ArrayBufferWriter<byte>(4096);
        Assert.InRange(
            PerRound(() =>
            {
                output.ResetWrittenCount();
                if (!PayloadTranscoder.TryJsonToMessagePack(Json, output, out var problem))
                    Assert.Fail(problem);
            }),
            0,
            LessThanOneObject);
    }

    [Fact]
    public void TryMessagePackToJson_InTheSteadyState_AllocatesNothing()
    {
        byte[] packed = [0x93, .. Bytes.ToMessagePack(Json), .. Bytes.Hex("c403010203"), .. Bytes.Hex("ca3dcccccd")];
        var output = new ArrayBufferWriter<byte>(4096);
        Assert.InRange(
            PerRound(() =>
            {
                output.ResetWrittenCount();
                if (!PayloadTranscoder.TryMessagePackToJson(packed, output, out var problem))
                    Assert.Fail(problem);
            }),
            0,
            LessThanOneObject);
    }

    [Fact]
    public void WriterReaderAndValidator_InTheSteadyState_AllocateNothing()
    {
        var output = new ArrayBufferWriter<byte>(4096);
        Assert.InRange(
            PerRound(() =>
            {
                output.ResetWrittenCount();
                var writer = new MessagePackWriter(output);
                writer.WriteMapHeader(2);
                writer.WriteString("type"u8);
                writer.WriteString("message");
                writer.WriteString("offset");
                writer.WriteInt64(123456);

                var reader = new MessagePackReader(output.WrittenSpan);
                var good = MessagePackValidator.TryValidate(output.WrittenSpan, 8, out _, out _)
                    && reader.TryReadMapHeader(out var count) && count == 2
                    && reader.TryReadString(out _) && reader.TrySkip()
                    && reader.TryReadString(out _) && reader.TryReadInt64(out _) && reader.IsAtEnd;
                if (!good)
                    Assert.Fail("The round did not read what it wrote.");
            }),
            0,
            LessThanOneObject);
    }
}
