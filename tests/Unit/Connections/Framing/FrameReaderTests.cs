using System.Text;
using CsCheck;
using Fanout.Node.Connections.Framing;
using Fanout.Tests.TestKit.Sockets;
using Xunit;

namespace Fanout.Tests.Unit.Connections.Framing;

public sealed class FrameReaderTests
{
    private const WebSocketOpcode Text = WebSocketOpcode.Text;
    private const WebSocketOpcode Continuation = WebSocketOpcode.Continuation;

    // A text in three fragments with a ping and a pong between them, a binary message, a close: whatever two pieces it comes in, the same
    // comes out.
    [Fact]
    public void Stream_SplitAtEveryByte_ReadsTheSame()
    {
        byte[] stream =
        [
            .. WebSocketFrames.Client(Text, "Hé"u8, fin: false),
            .. WebSocketFrames.Client(WebSocketOpcode.Ping, "are you there"u8),
            .. WebSocketFrames.Client(Continuation, "l"u8, fin: false),
            .. WebSocketFrames.Client(WebSocketOpcode.Pong, []),
            .. WebSocketFrames.Client(Continuation, "lo"u8),
            .. WebSocketFrames.Binary(new byte[200]),
            .. WebSocketFrames.Close(1001, "bye"),
        ];
        List<Seen> expected =
        [
            Seen.Ping("are you there"u8), Seen.Pong([]), Seen.Message(Opcode.Text, "Héllo"u8), Seen.Message(Opcode.Binary, new byte[200]), Seen.Close(1001),
        ];

        for (var first = 0; first <= stream.Length; first++)
            Assert.Equal(expected, Frames.Read(Frames.SplitAt(stream, first)));
        Assert.Equal(expected, Frames.Read(stream.Select(b => new[] { b })));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(125)]
    [InlineData(126)]
    [InlineData(127)]
    [InlineData(65_535)]
    [InlineData(65_536)]
    [InlineData(1024 * 1024)]
    public void Message_OfEveryLengthForm_IsReadWhole(int length)
    {
        var payload = Enumerable.Range(0, length).Select(i => (byte)(i * 7)).ToArray();

        var seen = Frames.Read(WebSocketFrames.Binary(payload).Chunk(4096));

        Assert.Equal([Seen.Message(Opcode.Binary, payload)], seen);
    }

    // A mask is four bytes long, and vectors are longer: every way in which they can lie to each other.
    [Fact]
    public void Mask_AtEveryPlaceOfAPiece_ComesOff()
    {
        var payload = Enumerable.Range(0, 150).Select(i => (byte)i).ToArray();
        var frame = WebSocketFrames.Client(WebSocketOpcode.Binary, payload, key: [0x01, 0x80, 0xfe, 0x37]);

        for (var place = 0; place < frame.Length; place++)
            Assert.Equal([Seen.Message(Opcode.Binary, payload)], Frames.Read(Frames.SplitAt(frame, place)));
    }

    [Fact]
    public void Stream_OfAnyMessages_InAnyPieces_ReadsTheSame() =>
        Gen.Select(Messages, Gen.Int[0, 5_000].Array[0, 12]).Sample(
            (messages, places) =>
            {
                var stream = messages.SelectMany(message => message.Bytes).ToArray();
                Assert.Equal(messages.Select(message => message.Expected), Frames.Read(Frames.SplitAt(stream, places)));
            },
            iter: 2_000);

    [Fact]
    public void Stream_OfAnyBytes_NeverThrows() =>
        Gen.Select(Gen.Byte.Array[0, 200], Gen.Int[0, 200].Array[0, 5]).Sample(
            (bytes, places) => Assert.NotNull(Frames.Read(Frames.SplitAt(bytes, places), limit: 1000)), iter: 20_000);

    [Theory]
    [InlineData(10, 10, true)]
    [InlineData(11, 10, false)]
    public void Message_AtTheLimit_IsTaken_AndOverItIsAViolation(int length, long limit, bool taken)
    {
        var whole = Frames.Read([WebSocketFrames.Binary(new byte[length])], limit);
        var fragments = Frames.Read(
            [WebSocketFrames.Client(WebSocketOpcode.Binary, new byte[6], fin: false), WebSocketFrames.Client(Continuation, new byte[length - 6])], limit);

        var expected = taken ? Seen.Message(Opcode.Binary, new byte[length]) : Seen.Violation(1009);
        Assert.Equal([expected], whole);
        Assert.Equal([expected], fragments);
    }

    // The header alone is enough to refuse: nobody has to send, or to store, what is promised.
    [Fact]
    public void Message_WhoseHeaderPromisesTooMuch_IsRefusedBeforeItComes()
    {
        var frame = WebSocketFrames.Client(Text, [], claimedLength: 2 * (ulong)Frames.Limit);

        Assert.Equal([Seen.Violation(1009)], Frames.Read(frame));
    }

    [Fact]
    public void Limit_OfZero_IsNone() =>
        Assert.Equal(InboundKind.Message, Assert.Single(Frames.Read([WebSocketFrames.Binary(new byte[100_000])], limit: 0)).Kind);

    // Two bytes may be enough to know that the rest is of no use.
    [Theory]
    [InlineData("C181", "RSV1")]
    [InlineData("A181", "RSV2")]
    [InlineData("9181", "RSV3")]
    [InlineData("8381", "opcode 3")]
    [InlineData("8781", "opcode 7")]
    [InlineData("8B81", "opcode 11")]
    [InlineData("8F81", "opcode 15")]
    [InlineData("8101", "no mask")]
    [InlineData("0981", "a ping in fragments")]
    [InlineData("89FE", "a ping with a long length")]
    [InlineData("88FF", "a close with a longer length")]
    public void Header_ThatIsWrongInItsFirstTwoBytes_IsRefusedAtOnce(string hex, string what)
    {
        Assert.NotEmpty(what);
        Assert.Equal([Seen.Violation(1002)], Frames.Read(Convert.FromHexString(hex)));
    }

    [Theory]
    [InlineData("81FE007D00000000")]
    [InlineData("81FF000000000000FFFF00000000")]
    [InlineData("81FF800000000000000000000000")]
    [InlineData("808000000000")]
    public void Header_ThatBreaksARule_IsRefused(string hex) => Assert.Equal([Seen.Violation(1002)], Frames.Read(Convert.FromHexString(hex)));

    [Fact]
    public void Message_ThatBeginsWithinAnother_IsRefused() =>
        Assert.Equal([Seen.Violation(1002)], Frames.Read([.. WebSocketFrames.Client(Text, "a"u8, fin: false), .. WebSocketFrames.Text("b")]));

    // After a whole message a new one may begin, and a continuation may not.
    [Fact]
    public void Continuation_BehindAWholeMessage_IsRefused() =>
        Assert.Equal(
            [Seen.Message(Opcode.Text, "a"u8), Seen.Violation(1002)],
            Frames.Read([.. WebSocketFrames.Text("a"), .. WebSocketFrames.Client(Continuation, "b"u8)]));

    // Text is checked as a whole: a character may lie across two fragments.
    [Theory]
    [InlineData("C3", "A9", true)]
    [InlineData("C3", "", false)]
    [InlineData("FF", "", false)]
    [InlineData("EDA0", "80", false)]
    [InlineData("F09F", "9880", true)]
    public void Text_IsCheckedOverItsFragments(string first, string second, bool good)
    {
        var seen = Assert.Single(Frames.Read(
        [
            .. WebSocketFrames.Client(Text, Convert.FromHexString(first), fin: false), .. WebSocketFrames.Client(Continuation, Convert.FromHexString(second)),
        ]));

        Assert.Equal(good ? Seen.Message(Opcode.Text, Convert.FromHexString(first + second)) : Seen.Violation(1007), seen);
    }

    [Fact]
    public void Binary_IsNotCheckedAsText() => Assert.Equal([Seen.Message(Opcode.Binary, [0xff])], Frames.Read(WebSocketFrames.Binary([0xff])));

    [Theory]
    [InlineData("", null)]
    [InlineData("03E8", 1000)]
    [InlineData("0BB8", 3000)]
    [InlineData("1387C3A9", 4999)]
    public void Close_WithAGoodCode_IsRead(string hex, int? code) =>
        Assert.Equal([Seen.Close(code)], Frames.Read(WebSocketFrames.Client(WebSocketOpcode.Close, Convert.FromHexString(hex))));

    [Theory]
    [InlineData("03", 1002)]
    [InlineData("0000", 1002)]
    [InlineData("03E7", 1002)]
    [InlineData("03EC", 1002)]
    [InlineData("03ED", 1002)]
    [InlineData("03EE", 1002)]
    [InlineData("03F7", 1002)]
    [InlineData("07D0", 1002)]
    [InlineData("1388", 1002)]
    [InlineData("FFFF", 1002)]
    [InlineData("03E8FF", 1007)]
    public void Close_WithABadBody_IsAViolation(string hex, int code) =>
        Assert.Equal([Seen.Violation(code)], Frames.Read(WebSocketFrames.Client(WebSocketOpcode.Close, Convert.FromHexString(hex))));

    private static readonly Gen<(byte[] Bytes, Seen Expected)> Control =
        Gen.Select(Gen.Byte.Array[0, 125], Gen.Bool, (payload, ping) => ping
            ? (WebSocketFrames.Client(WebSocketOpcode.Ping, payload), Seen.Ping(payload))
            : (WebSocketFrames.Client(WebSocketOpcode.Pong, payload), Seen.Pong(payload)));

    private static readonly Gen<(byte[] Bytes, Seen Expected)> Data =
        Gen.Select(Gen.String[0, 300], Gen.Byte.Array[4], Gen.Int[1, 200]).Select((text, key, size) =>
        {
            // Without unpaired surrogates, which have no UTF-8.
            var payload = Encoding.UTF8.GetBytes(text);
            var parts = payload.Length == 0 ? [payload] : payload.Chunk(size).ToList();
            var bytes = parts.SelectMany((part, i) => WebSocketFrames.Client(i == 0 ? Text : Continuation, part, fin: i == parts.Count - 1, key: key));
            return (bytes.ToArray(), Seen.Message(Opcode.Text, payload));
        });

    private static readonly Gen<(byte[] Bytes, Seen Expected)[]> Messages = Gen.OneOf(Control, Data).Array[1, 6];
}
