using Fanout.Node.Connections.Framing;
using Fanout.Tests.TestKit.Sockets;
using Xunit;

namespace Fanout.Tests.Unit.Connections.Framing;

/// <summary>A message that never ends, in fragments of hardly a byte, counts for no rate: so it has a bound of its own.</summary>
public sealed class TinyFragmentTests
{
    private const int Most = 10;

    [Theory]
    [InlineData(0, 9, false)]
    [InlineData(0, 10, true)]
    [InlineData(15, 10, true)]
    [InlineData(16, 1_000, false)]
    public void Message_InTooManyTinyFragments_IsAnAbuse(int bytes, int continuations, bool refused)
    {
        var stream = Stream(bytes, continuations);

        Assert.Equal(refused ? (InboundKind.Violation, 4500) : (InboundKind.Message, null), Read(new FrameReader(1 << 20, mostTinyFragments: Most), stream));
        Assert.Equal((InboundKind.Message, null), Read(new FrameReader(1 << 20), stream));
    }

    // What is counted is a message's, not a connection's; pings between do not count.
    [Fact]
    public void Messages_HaveTheirFragmentsEach()
    {
        using var reader = new FrameReader(1 << 20, mostTinyFragments: Most);
        for (var i = 0; i < 5; i++)
        {
            byte[] stream = [.. WebSocketFrames.Client(WebSocketOpcode.Binary, [1], fin: false), .. Enumerable.Repeat(WebSocketFrames.Client(WebSocketOpcode.Pong, []), 50).SelectMany(frame => frame), .. Stream(0, Most - 2)[6..]];
            var buffer = new System.Buffers.ReadOnlySequence<byte>(stream);
            var kind = InboundKind.Pong;
            while (kind == InboundKind.Pong)
                kind = reader.Read(ref buffer).Kind;
            Assert.Equal(InboundKind.Message, kind);
        }
    }

    private static byte[] Stream(int bytes, int continuations) =>
    [
        .. WebSocketFrames.Client(WebSocketOpcode.Binary, new byte[bytes], fin: false),
        .. Enumerable.Repeat(WebSocketFrames.Client(WebSocketOpcode.Continuation, new byte[bytes], fin: false), continuations).SelectMany(frame => frame),
        .. WebSocketFrames.Client(WebSocketOpcode.Continuation, []),
    ];

    private static (InboundKind Kind, int? Code) Read(FrameReader reader, byte[] stream)
    {
        using (reader)
        {
            var buffer = new System.Buffers.ReadOnlySequence<byte>(stream);
            var frame = reader.Read(ref buffer);
            return (frame.Kind, frame.CloseCode);
        }
    }
}
