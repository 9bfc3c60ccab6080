using System.Diagnostics;
using System.Text;
using CsCheck;
using Fanout.Node.Backplane;
using Fanout.Shared.Envelopes;
using Fanout.Shared.Protocol;
using Xunit;

namespace Fanout.Tests.Unit.Backplane;

public sealed class MessageCodecTests
{
    private static readonly Gen<string> Ascii = Gen.String[Gen.Char["!~"], 1, 64];

    private static readonly Gen<StoredMessage> Messages = Gen.Select(
        Ascii,
        Gen.Long,
        Gen.Null(Gen.Select(Ascii, Gen.Null(Gen.String[Gen.Char["a\u0100"], 1, 200]), (client, user) => new Sender(client, user))),
        Gen.Null(Ascii),
        Gen.Select(Gen.Bool, Gen.Byte.Array[1, 200], (json, bytes) => new Payload(json ? WireFormat.Json : WireFormat.MessagePack, bytes)),
        (id, timestamp, from, excluded, payload) => new StoredMessage(id, timestamp, from, excluded, payload));

    [Fact]
    public void Message_OfAnyKind_ComesBackAsItWas() =>
        Messages.Sample(
            message =>
            {
                Assert.True(MessageCodec.TryDecode(MessageCodec.Encode(message), out var back));
                Assert.Equal(message with { Payload = default }, back with { Payload = default });
                Assert.Equal(message.Payload.Format, back.Payload.Format);
                Assert.Equal(message.Payload.Bytes.ToArray(), back.Payload.Bytes.ToArray());
            },
            iter: 5_000);

    // The layout is read by other nodes, of other versions: these bytes may not change.
    [Fact]
    public void Message_HasTheseBytes()
    {
        var message = new StoredMessage(
            "m-1", 0x0102030405060708, new Sender("c", "ü"), "x", new Payload(WireFormat.MessagePack, new byte[] { 0xc0 }));

        Assert.Equal("01" + "0F" + "0102030405060708" + "036D2D31" + "0163" + "0002C3BC" + "0178" + "C0", Convert.ToHexString(MessageCodec.Encode(message)));
    }

    [Fact]
    public void Message_ByHttp_HasNeitherSenderNorExclusion()
    {
        var message = new StoredMessage("m", 5, null, null, new Payload(WireFormat.Json, Encoding.UTF8.GetBytes("1")));

        Assert.Equal("01" + "00" + "0000000000000005" + "016D" + "31", Convert.ToHexString(MessageCodec.Encode(message)));
    }

    // Stands behind what older nodes know, and only in sampled messages.
    [Fact]
    public void Trace_IsAnExtension_OfTheseBytes()
    {
        var context = new ActivityContext(
            ActivityTraceId.CreateFromString("0af7651916cd43dd8448eb211c80319c"), ActivitySpanId.CreateFromString("b7ad6b7169203331"), ActivityTraceFlags.Recorded);
        var message = new StoredMessage("m", 5, null, "x", new Payload(WireFormat.Json, Encoding.UTF8.GetBytes("1"))) { Trace = new MessageTrace(context) };

        var bytes = MessageCodec.Encode(message);

        Assert.Equal("01" + "14" + "0000000000000005" + "016D" + "0178" + "1B" + "0119" + "0AF7651916CD43DD8448EB211C80319C" + "B7AD6B7169203331" + "01" + "31", Convert.ToHexString(bytes));
        Assert.True(MessageCodec.TryDecode(bytes, out var back));
        Assert.Equal((context.TraceId, context.SpanId, context.TraceFlags, true), (back.Trace!.Context.TraceId, back.Trace.Context.SpanId, back.Trace.Context.TraceFlags, back.Trace.Context.IsRemote));
        Assert.Equal("1", Encoding.UTF8.GetString(back.Payload.Bytes.Span));
    }

    // A later version's: this one reads the message and leaves out what it does not know.
    [Fact]
    public void Extensions_OfUnknownKinds_AreSkipped()
    {
        var bytes = Convert.FromHexString("01" + "10" + "0000000000000005" + "016D" + "07" + "C803AABBCC" + "C900" + "31");

        Assert.True(MessageCodec.TryDecode(bytes, out var message));
        Assert.Null(message.Trace);
        Assert.Equal("1", Encoding.UTF8.GetString(message.Payload.Bytes.Span));
    }

    [Theory]
    [InlineData("")] // No length.
    [InlineData("05" + "C803AABB")] // Less than its length.
    [InlineData("03" + "C803AA" + "31")] // An entry that is longer than the list.
    [InlineData("01" + "C8" + "31")] // An entry without a length.
    public void Extensions_ThatBreakOff_AreRefused(string extensions) =>
        Assert.False(MessageCodec.TryDecode(Convert.FromHexString("01" + "10" + "0000000000000005" + "016D" + extensions), out _));

    [Fact]
    public void Bytes_OfAnyKind_NeverThrow() =>
        Gen.OneOf(Gen.Byte.Array[0, 100], Messages.Select(MessageCodec.Encode)).SelectMany(bytes => Gen.Select(Gen.UInt, Gen.Byte, Gen.Int[0, 120], (at, value, length) =>
        {
            var damaged = bytes.Take(length).ToArray();
            if (damaged.Length > 0)
                damaged[at % damaged.Length] = value;
            return damaged;
        })).Sample(
            bytes =>
            {
                if (MessageCodec.TryDecode(bytes, out var message))
                    Assert.NotEqual(0, message.Payload.Bytes.Length);
            },
            iter: 50_000);

    // A newer node's message: left alone, not misread.
    [Theory]
    [InlineData(0, 2)]
    [InlineData(1, 0x10)]
    [InlineData(1, 0x80)]
    public void Message_OfAnotherVersion_OrWithUnknownFlags_IsNotRead(int at, byte value)
    {
        var bytes = MessageCodec.Encode(new StoredMessage("m", 5, null, null, new Payload(WireFormat.Json, Encoding.UTF8.GetBytes("1"))));
        bytes[at] = value;

        Assert.False(MessageCodec.TryDecode(bytes, out _));
    }

    [Fact]
    public void Message_CutAnywhere_IsNotRead_OrHasAShorterPayload()
    {
        var bytes = MessageCodec.Encode(new StoredMessage("m", 5, new Sender("c", "u"), "x", new Payload(WireFormat.Json, Encoding.UTF8.GetBytes("[1,2]"))));

        for (var length = 0; length <= bytes.Length - 5; length++)
            Assert.False(MessageCodec.TryDecode(bytes.AsMemory(0, length), out _));
    }
}
