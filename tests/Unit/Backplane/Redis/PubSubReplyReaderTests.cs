using System.Buffers;
using System.Text;
using CsCheck;
using Fanout.Node.Backplane.Redis.Subscriber;
using Xunit;

namespace Fanout.Tests.Unit.Backplane.Redis;

public sealed class PubSubReplyReaderTests
{
    private const string Stream =
        "+OK\r\n"
        + "*3\r\n$9\r\nsubscribe\r\n$4\r\nroom\r\n:1\r\n"
        + "*3\r\n$7\r\nmessage\r\n$4\r\nroom\r\n$6\r\na\r\nb\r\n\r\n"
        + "*3\r\n$7\r\nmessage\r\n$4\r\nroom\r\n$0\r\n\r\n"
        + "*3\r\n$8\r\nsmessage\r\n$2\r\n\u00e9\r\n$3\r\n\u20ac\r\n"
        + "*2\r\n$4\r\npong\r\n$0\r\n\r\n"
        + "*3\r\n$11\r\nunsubscribe\r\n$-1\r\n:0\r\n"
        + ":5\r\n"
        + "$3\r\nabc\r\n"
        + "$-1\r\n"
        + "*-1\r\n"
        + ">3\r\n$7\r\nmessage\r\n$1\r\nc\r\n$1\r\nd\r\n"
        + "-ERR no such thing\r\n";

    private static readonly (PubSubReplyKind Kind, string Subject, string Payload)[] Expected =
    [
        (PubSubReplyKind.Status, "OK", ""),
        (PubSubReplyKind.Subscribed, "room", "1"),
        (PubSubReplyKind.Message, "room", "a\r\nb\r\n"),
        (PubSubReplyKind.Message, "room", ""),
        (PubSubReplyKind.Message, "é", "€"),
        (PubSubReplyKind.Pong, "", ""),
        (PubSubReplyKind.Unsubscribed, "", "0"),
        (PubSubReplyKind.Other, "", ""),
        (PubSubReplyKind.Other, "", ""),
        (PubSubReplyKind.Other, "", ""),
        (PubSubReplyKind.Other, "", ""),
        (PubSubReplyKind.Message, "c", "d"),
        (PubSubReplyKind.Error, "ERR no such thing", ""),
    ];

    [Fact]
    public void Stream_SplitAtEveryByte_ReadsTheSame()
    {
        var bytes = Encoding.UTF8.GetBytes(Stream);

        for (var place = 0; place <= bytes.Length; place++)
            Assert.Equal(Expected, Read([bytes[..place], bytes[place..]]));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(7)]
    public void Stream_InSegmentsOfAnySize_ReadsTheSame(int size)
    {
        var buffer = Segments.Every(size, Encoding.UTF8.GetBytes(Stream));

        Assert.Equal(Expected, ReadAll(ref buffer));
    }

    // What is not all there stays untouched, down to the last byte of the line end.
    [Fact]
    public void Reply_ThatIsCutShort_IsLeftForLater()
    {
        var bytes = Encoding.UTF8.GetBytes("*3\r\n$7\r\nmessage\r\n$4\r\nroom\r\n$2\r\nhi\r\n");
        for (var length = 0; length < bytes.Length; length++)
        {
            var buffer = new ReadOnlySequence<byte>(bytes, 0, length);
            Assert.Equal(PubSubReplyKind.None, PubSubReplyReader.Read(ref buffer).Kind);
            Assert.Equal(length, buffer.Length);
        }
    }

    [Theory]
    [InlineData("?3\r\n")]
    [InlineData("*x\r\n")]
    [InlineData("*1\r\n$abc\r\n")]
    [InlineData("*1\r\n$99999999999\r\n")]
    [InlineData("*1\r\n*1\r\n$1\r\na\r\n")]
    [InlineData("$\r\n")]
    public void Bytes_ThatAreNoReply_AreTold(string text) => Assert.Throws<InvalidDataException>(() => Read([Encoding.UTF8.GetBytes(text)]));

    // Whatever a broken server sends: a reply, a wait for more, or the one exception that says so.
    [Fact]
    public void Bytes_OfAnyKind_DoNothingWorse() =>
        Gen.OneOf(Gen.Byte.Array[0, 60], Gen.String[Gen.OneOf("*$:+-\r\n0123-ab".ToCharArray().Select(Gen.Const).ToArray()), 0, 40].Select(Encoding.UTF8.GetBytes)).Sample(
            bytes =>
            {
                try
                {
                    Read([bytes]);
                }
                catch (InvalidDataException)
                {
                    // Told.
                }
            },
            iter: 50_000);

    private static List<(PubSubReplyKind, string, string)> Read(IEnumerable<byte[]> pieces)
    {
        var seen = new List<(PubSubReplyKind, string, string)>();
        var unread = Array.Empty<byte>();
        foreach (var piece in pieces)
        {
            var buffer = Segments.Of(unread, piece);
            seen.AddRange(ReadAll(ref buffer));
            unread = buffer.ToArray();
        }

        return seen;
    }

    private static List<(PubSubReplyKind, string, string)> ReadAll(ref ReadOnlySequence<byte> buffer)
    {
        var seen = new List<(PubSubReplyKind, string, string)>();
        while (PubSubReplyReader.Read(ref buffer) is { Kind: not PubSubReplyKind.None } reply)
            seen.Add((reply.Kind, Encoding.UTF8.GetString(reply.Subject), Encoding.UTF8.GetString(reply.Payload)));
        return seen;
    }
}
