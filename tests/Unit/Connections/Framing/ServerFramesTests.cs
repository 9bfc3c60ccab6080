using System.Text;
using Fanout.Node.Connections.Framing;
using Fanout.Shared.Envelopes;
using Fanout.Shared.Protocol;
using Xunit;

namespace Fanout.Tests.Unit.Connections.Framing;

public sealed class ServerFramesTests
{
    [Theory]
    [InlineData(WireFormat.Json, 0x81)]
    [InlineData(WireFormat.MessagePack, 0x82)]
    public void Message_IsOneUnmaskedFinalFrame_OfItsFormatsKind(WireFormat format, byte first)
    {
        var frame = ServerFrames.Encode(format, new PongMessage("1"));

        Assert.Equal(first, frame[0]);
        Assert.Equal(frame.Length - 2, frame[1]);
    }

    // The shortest form that fits, as the RFC demands.
    [Theory]
    [InlineData(125, 2)]
    [InlineData(126, 4)]
    [InlineData(65_535, 4)]
    [InlineData(65_536, 10)]
    public void Length_IsWrittenInItsShortestForm(int length, int header)
    {
        // Everything but the payload: {"type":"message", … ,"payload":""}
        var empty = ServerFrames.Encode(WireFormat.Json, Message("")).Length - 2;
        Assert.InRange(empty, 1, 125);

        var frame = ServerFrames.Encode(WireFormat.Json, Message(new string('x', length - empty)));

        Assert.Equal(header + length, frame.Length);
        Assert.Equal(header switch { 2 => length, 4 => 126, _ => 127 }, frame[1]);
        Assert.Equal((byte)'{', frame[header]);

        static RoomMessageEnvelope Message(string text) =>
            new("r", "i", null, 1, null, new Payload(WireFormat.Json, Encoding.UTF8.GetBytes($"\"{text}\"")));
    }

    // Buffers are used again: a short message behind a long one has nothing of it.
    [Fact]
    public void Messages_OneAfterTheOther_DoNotMix()
    {
        var before = ServerFrames.Encode(WireFormat.Json, new PongMessage("1"));
        ServerFrames.Encode(WireFormat.MessagePack, new LeftMessage("2", new string('r', 100_000)));

        Assert.Equal(before, ServerFrames.Encode(WireFormat.Json, new PongMessage("1")));
    }

    [Fact]
    public void Pong_RepeatsTheBytes() => Assert.Equal([0x8a, 3, 1, 2, 3], ServerFrames.Pong([1, 2, 3]));

    [Fact]
    public void Ping_IsEmpty() => Assert.Equal([0x89, 0], ServerFrames.Ping);

    [Fact]
    public void Close_HasCodeAndReason() =>
        Assert.Equal("8805" + "0FA1" + "627965", Convert.ToHexString(ServerFrames.Close(CloseCode.SlowConsumer, "bye")));

    [Fact]
    public void Close_WithoutACode_IsEmpty() => Assert.Equal([0x88, 0], ServerFrames.CloseWithoutCode());

    // A control frame has 125 bytes at most; what is cut ends at a character.
    [Theory]
    [InlineData("x", 123)]
    [InlineData("é", 61)]
    [InlineData("€", 41)]
    [InlineData("😀", 30)]
    public void Close_WithALongReason_IsCutAtACharacter(string character, int fits)
    {
        var frame = ServerFrames.Close(CloseCode.GoingAway, string.Concat(Enumerable.Repeat(character, 200)));

        Assert.InRange(frame[1], 0, 125);
        Assert.Equal(frame.Length - 2, frame[1]);
        var utf8 = new UTF8Encoding(false, throwOnInvalidBytes: true);
        Assert.Equal(string.Concat(Enumerable.Repeat(character, fits)), utf8.GetString(frame.AsSpan(4)));
    }
}
