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
