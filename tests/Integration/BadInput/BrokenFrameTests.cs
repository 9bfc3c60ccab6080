using Fanout.Tests.Integration.Support;
using Fanout.Tests.TestKit;
using Fanout.Tests.TestKit.Clients;
using Fanout.Tests.TestKit.Sockets;
using Xunit;

namespace Fanout.Tests.Integration.BadInput;

/// <summary>Bytes that break RFC 6455 or the subprotocol's frame kind: each has its close code, and the room goes on.</summary>
public sealed class BrokenFrameTests(MemoryNode memory)
{
    private const WebSocketOpcode Text = WebSocketOpcode.Text;
    private const WebSocketOpcode Continuation = WebSocketOpcode.Continuation;

    public static TheoryData<string, int, byte[]> Broken => new()
    {
        { "no mask", 1002, WebSocketFrames.Client(Text, "{}"u8, mask: false) },
        { "RSV1", 1002, WebSocketFrames.Client(Text, "{}"u8, rsv: 4) },
        { "RSV2", 1002, WebSocketFrames.Client(Text, "{}"u8, rsv: 2) },
        { "RSV3", 1002, WebSocketFrames.Client(Text, "{}"u8, rsv: 1) },
        { "opcode 3", 1002, WebSocketFrames.Client((WebSocketOpcode)3, "{}"u8) },
        { "opcode 7", 1002, WebSocketFrames.Client((WebSocketOpcode)7, "{}"u8) },
        { "opcode 11", 1002, WebSocketFrames.Client((WebSocketOpcode)11, "{}"u8) },
        { "opcode 15", 1002, WebSocketFrames.Client((WebSocketOpcode)15, "{}"u8) },
        { "a ping in fragments", 1002, WebSocketFrames.Client(WebSocketOpcode.Ping, "{}"u8, fin: false) },
        { "a ping of 126 bytes", 1002, WebSocketFrames.Client(WebSocketOpcode.Ping, new byte[126]) },
        { "a close of 126 bytes", 1002, WebSocketFrames.Client(WebSocketOpcode.Close, new byte[126]) },
        { "a continuation of nothing", 1002, WebSocketFrames.Client(Continuation, "{}"u8) },
        { "a message within a message", 1002, [.. WebSocketFrames.Client(Text, "{"u8, fin: false), .. WebSocketFrames.Text("{}")] },
        { "a length longer than need be", 1002, WebSocketFrames.Client(Text, "{}"u8, lengthEncoding: LengthEncoding.Bits16) },
        { "a long length longer than need be", 1002, WebSocketFrames.Client(Text, "{}"u8, lengthEncoding: LengthEncoding.Bits64) },
        { "a length with its highest bit", 1002, WebSocketFrames.Client(Text, "{}"u8, claimedLength: ulong.MaxValue, lengthEncoding: LengthEncoding.Bits64) },
        { "a close with half a code", 1002, WebSocketFrames.Client(WebSocketOpcode.Close, [3]) },
        { "close code 999", 1002, WebSocketFrames.Close(999) },
        { "close code 1005", 1002, WebSocketFrames.Close(1005) },
        { "close code 1006", 1002, WebSocketFrames.Close(1006) },
        { "close code 2999", 1002, WebSocketFrames.Close(2999) },
        { "close code 5000", 1002, WebSocketFrames.Close(5000) },
        { "text that is not UTF-8", 1007, WebSocketFrames.Client(Text, [0x22, 0xff, 0x22]) },
        { "text that ends within a character", 1007, WebSocketFrames.Client(Text, [0x22, 0xc3]) },
        { "an encoded surrogate", 1007, WebSocketFrames.Client(Text, [0x22, 0xed, 0xa0, 0x80, 0x22]) },
        { "bad UTF-8 in the second fragment", 1007, [.. WebSocketFrames.Client(Text, "\""u8, fin: false), .. WebSocketFrames.Client(Continuation, [0xff])] },
        { "a close reason that is not UTF-8", 1007, WebSocketFrames.Client(WebSocketOpcode.Close, [0x03, 0xe8, 0xff]) },
        { "a claim of 2 MiB", 1009, WebSocketFrames.Client(Text, "{}"u8, claimedLength: 2 * 1024 * 1024) },
        { "a claim of 9 exabytes", 1009, WebSocketFrames.Client(Text, "{}"u8, claimedLength: long.MaxValue) },
        { "a binary frame", 1003, WebSocketFrames.Binary("{}"u8) },
    };

    [Theory]
    [MemberData(nameof(Broken))]
    public async Task Frame_With_ClosesWithItsCode(string what, int code, byte[] bytes)
    {
        Assert.NotEmpty(what);
        await using var neighbour = await Neighbour.MoveInAsync(memory.Node);
        await using var peer = await MoveInAsync(neighbour, TestClientOptions.Json);

        await peer.SendAsync(bytes);

        Assert.Equal(code, await CloseCodeAsync(peer));
        await neighbour.SawNothingAsync();
    }

    [Fact]
    public async Task TextFrame_OnMsgpack_ClosesWith1003()
    {
        await using var neighbour = await Neighbour.MoveInAsync(memory.Node);
        await using var peer = await MoveInAsync(neighbour, TestClientOptions.Msgpack);

        await peer.SendTextAsync("{\"type\":\"ping\"}");

        Assert.Equal(1003, await CloseCodeAsync(peer));
        await neighbour.SawNothingAsync();
    }

    // The whole of it is sent, so the answer must not be lost in a reset that unread bytes would cause.
    [Theory]
    [MemberData(nameof(Formats.Both), MemberType = typeof(Formats))]
    public async Task Message_OfTwoMebibytes_ClosesWith1009(string subprotocol)
    {
        await using var neighbour = await Neighbour.MoveInAsync(memory.Node);
        await using var peer = await MoveInAsync(neighbour, subprotocol);
        var opcode = subprotocol == TestClientOptions.Json ? Text : WebSocketOpcode.Binary;

        await peer.SendAsync(WebSocketFrames.Client(opcode, new byte[2 * 1024 * 1024]));

        Assert.Equal(1009, await CloseCodeAsync(peer));
        await neighbour.SawNothingAsync();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Client_ThatVanishesWithinAFrame_LeavesItsRoom(bool reset)
    {
        await using var neighbour = await Neighbour.MoveInAsync(memory.Node);
        await using var peer = await MoveInAsync(neighbour, TestClientOptions.Json);

        await peer.SendAsync(WebSocketFrames.Client(Text, "{\"type\":\"publish\",\"room\":\"r\",\"payl"u8, claimedLength: 5_000));
        if (reset)
            peer.Abort();
        else
            peer.ShutdownSend();

        await Eventually.ValueAsync(
            async () => (await memory.Node.Api.RoomAsync(neighbour.Room)).Ok.Integer("members"), members => members == 1, "the neighbour alone");
        await neighbour.SawNothingAsync();
    }

    private async Task<RawWebSocket> MoveInAsync(Neighbour neighbour, string subprotocol)
    {
        var peer = (await RawWebSocket.ConnectAsync(memory.Node.BaseUri, $"/ws?rooms={neighbour.Room}", [subprotocol])).EnsureAccepted();
        // connected, joined
        await peer.ReceiveFrameAsync();
        await peer.ReceiveFrameAsync();
        return peer;
    }

    /// <summary>Reads up to the close frame alone, since what follows it has tests of its own.</summary>
    private static async Task<int> CloseCodeAsync(RawWebSocket peer)
    {
        while (true)
        {
            var frame = await peer.ReceiveFrameAsync();
            if (frame.Opcode == WebSocketOpcode.Close)
                return (frame.Payload.Span[0] << 8) | frame.Payload.Span[1];
        }
    }
}
