using System.Buffers;
using System.Text;
using Fanout.Node.Connections.Framing;
using Fanout.Node.Rooms;
using Fanout.Node.Sse;
using Fanout.Shared.Envelopes;
using Fanout.Shared.Protocol;
using Fanout.Shared.Rooms;
using Xunit;

namespace Fanout.Tests.Unit.Sse;

public sealed class EventWriterTests
{
    private readonly ArrayBufferWriter<byte> _output = new();
    private int _cannotJoin;

    [Fact]
    public void FirstEvent_CarriesTheRetryHint_AndThePositionsThatTheClientBrought()
    {
        var writer = New(new RequestedRoom("a", new RoomPosition("e1", 7), null), new RequestedRoom("b", null, null));

        Assert.Equal("""
            retry: 1234
            event: joined
            id: a;e1;7,b;e2;3
            data: {"type":"joined","room":"b","payload":{"epoch":"e2","offset":3,"recovered":false,"count":1}}


            """.ReplaceLineEndings("\n"), Written(writer, Json(new JoinedMessage(null, "b", "e2", 3, false, 1))));
    }

    [Fact]
    public void Message_HasNoName_AndAnIdThatFollowsItsOffset()
    {
        var writer = New();
        Written(writer, Json(new JoinedMessage(null, "a", "e", 0, false, 1)));
        Written(writer, Json(new JoinedMessage(null, "b", "f", 5, false, 1)));

        Assert.StartsWith("id: a;e;1,b;f;5\ndata: {", Written(writer, Message("a", 1, "1")), StringComparison.Ordinal);
        Assert.StartsWith("id: a;e;1,b;f;9007199254740991\ndata: {", Written(writer, Message("b", RoomPosition.MaxOffset, "1")), StringComparison.Ordinal);
    }

    [Fact]
    public void EventsThatMoveNothing_HaveNoId()
    {
        var writer = New();
        Written(writer, Json(new JoinedMessage(null, "a", "e", 0, false, 1)));

        Assert.StartsWith("event: joined\ndata: ", Written(writer, Json(new JoinedMessage(null, "plain", null, null, false, 1))), StringComparison.Ordinal);
        Assert.StartsWith("data: ", Written(writer, Message("plain", null, "1")), StringComparison.Ordinal);
        Assert.StartsWith("event: backplane\ndata: ", Written(writer, Json(new BackplaneMessage("degraded"))), StringComparison.Ordinal);
    }

    [Fact]
    public void Reset_Left_AndRefusedJoins_ChangeThePositions()
    {
        var writer = New(new RequestedRoom("c", new RoomPosition("x", 1), null));
        Written(writer, Json(new JoinedMessage(null, "a", "e", 0, false, 1)));

        Assert.StartsWith("event: reset\nid: c;x;1,a;e2;4\n", Written(writer, Json(new ResetMessage("a", "e2", 4))), StringComparison.Ordinal);
        Assert.StartsWith("event: problem\nid: a;e2;4\n", Written(writer, Json(new ErrorMessage(null, "c", ErrorCode.Forbidden, "no"))), StringComparison.Ordinal);
        Assert.Equal(0, _cannotJoin);
        // Without any position the client's last one is taken back.
        Assert.StartsWith("event: left\nid: \n", Written(writer, Json(new RemovedMessage("a", "gone"))), StringComparison.Ordinal);
    }

    [Fact]
    public void JoinThatFailsForNow_KeepsThePosition_AndEndsTheStream()
    {
        var writer = New(new RequestedRoom("a", new RoomPosition("e", 1), null));
        Written(writer, Json(new BackplaneMessage("degraded")));

        var text = Written(writer, Json(new ErrorMessage(null, "a", ErrorCode.BackplaneUnavailable, "later")));

        Assert.Matches(@"^retry: (\d{4,5})\nevent: problem\ndata: ", text);
        Assert.Equal(1, _cannotJoin);
        Assert.Contains("id: a;e;2\n", Written(writer, Message("a", 2, "1")), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(CloseCode.SlowConsumer, "event: closed\ndata: {\"type\":\"closed\",\"payload\":{\"code\":4001,\"reason\":\"why\"}}\n\n")]
    [InlineData(CloseCode.Disconnected, "event: closed\nid: a;e;0,!4503\ndata: {\"type\":\"closed\",\"payload\":{\"code\":4503,\"reason\":\"why\"}}\n\n")]
    public void Close_IsAnEvent_WhichMarksTheIdOfWhoShallStayAway(CloseCode code, string expected)
    {
        var writer = New();
        Written(writer, Json(new JoinedMessage(null, "a", "e", 0, false, 1)));

        Assert.Equal(expected, Written(writer, ServerFrames.Close(code, "why")));
    }

    [Fact]
    public void Ping_IsAComment() => Assert.Equal(":\n\n", Written(New(), ServerFrames.Ping));

    [Fact]
    public void Payload_WithLineBreaks_IsDataOfSeveralLines()
    {
        var text = Written(New(), Message("a", null, "{\r\n \"n\":\n1,\r\"text\":\"a\\nb\"}"));

        Assert.EndsWith("\"payload\":{\ndata:  \"n\":\ndata: 1,\"text\":\"a\\nb\"}}\n\n", text, StringComparison.Ordinal);
    }

    // Frames of all three lengths of header, several of them at once, written in pieces of any size.
    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(1000)]
    [InlineData(16 * 1024)]
    public void Block_WrittenInPieces_IsTheSame(int piece)
    {
        byte[] block = [.. Message("a", 1, "1"), .. Message("a", 2, $"\"{new string('x', 1000)}\""), .. ServerFrames.Ping, .. Message("a", 3, $"[\n\"{new string('y', 100_000)}\"\n]"), .. ServerFrames.Close(CloseCode.GoingAway, "")];

        Assert.Equal(Written(Joined(), block), Written(Joined(), block, piece));

        EventWriter Joined()
        {
            var writer = New();
            Written(writer, Json(new JoinedMessage(null, "a", "e", 0, false, 1)));
            return writer;
        }
    }

    [Fact]
    public void Message_AllocatesNothing()
    {
        var writer = New();
        Written(writer, Json(new JoinedMessage(null, "a", "e", 0, false, 1)));
        Written(writer, Json(new JoinedMessage(null, "b", "e", 0, false, 1)));
        ReadOnlyMemory<byte> message = Message("b", 1, "{\"text\":\"hello\"}");
        for (var i = 0; i < 100; i++)
            Write();

        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1_000; i++)
            Write();

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);

        void Write()
        {
            _output.ResetWrittenCount();
            writer.Take(message);
            while (writer.HasMore)
                writer.Write(_output, 4096);
        }
    }

    private EventWriter New(params RequestedRoom[] rooms) => new(new StreamPositions(rooms), 1234, () => _cannotJoin++);

    private string Written(EventWriter writer, byte[] frames, int piece = int.MaxValue)
    {
        _output.ResetWrittenCount();
        writer.Take(frames);
        while (writer.HasMore)
            writer.Write(_output, piece);
        return Encoding.UTF8.GetString(_output.WrittenSpan);
    }

    private static byte[] Json<T>(in T message)
        where T : struct, IServerMessage => ServerFrames.Encode(WireFormat.Json, message);

    private static byte[] Message(string room, long? offset, string payload) => Json(new RoomMessageEnvelope(
        room, "id-1", offset, 1, new Sender("client", "user"), new Payload(WireFormat.Json, Encoding.UTF8.GetBytes(payload))));
}
