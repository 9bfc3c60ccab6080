using System.Buffers;
using System.Text;
using CsCheck;
using Fanout.Node.Connections.FastLane;
using Fanout.Node.Connections.Handshake;
using Xunit;

namespace Fanout.Tests.Unit.Connections.FastLane;

public sealed class UpgradeRequestReaderTests
{
    private const string Upgrade =
        "GET /ws?rooms=a,b&access_token=x HTTP/1.1\r\nHost: here:8080\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n"
        + "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: fanout.v1.json\r\n"
        + "Sec-WebSocket-Protocol: chat\r\nOrigin: http://here:8080\r\nAuthorization: Bearer t\r\n\r\n";

    [Fact]
    public void Upgrade_IsRead_AndWhatFollowsItLeft()
    {
        var (kind, request, rest) = Read(Upgrade + "frames");

        Assert.Equal((FirstBytes.Upgrade, "frames"), (kind, rest));
        Assert.Equal(
            new HandshakeRequest
            {
                Connection = "keep-alive, Upgrade",
                Upgrade = "websocket",
                Version = "13",
                Key = "dGhlIHNhbXBsZSBub25jZQ==",
                Protocols = "fanout.v1.json, chat",
                Origin = "http://here:8080",
                Host = "here:8080",
                Authorization = "Bearer t",
                Query = "?rooms=a,b&access_token=x",
            },
            request);
    }

    // Undecided until its last byte, and untouched as long.
    [Fact]
    public void Upgrade_CutAnywhere_IsUndecided()
    {
        for (var length = 0; length < Upgrade.Length; length++)
        {
            var (kind, request, rest) = Read(Upgrade[..length]);
            Assert.Equal((FirstBytes.Undecided, null, Upgrade[..length]), (kind, request, rest));
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(13)]
    public void Upgrade_InSmallSegments_IsRead(int size)
    {
        var buffer = Segments.Every(size, Encoding.ASCII.GetBytes(Upgrade));

        Assert.Equal(FirstBytes.Upgrade, new UpgradeRequestReader().Read(buffer, out var request, out _));
        Assert.Equal("dGhlIHNhbXBsZSBub25jZQ==", request!.Key);
    }

    // All that is not an upgrade to the endpoint beyond doubt is for ASP.NET, unread.
    [Theory]
    [InlineData("GET / HTTP/1.1\r\nHost: a\r\n\r\n")]
    [InlineData("POST /ws HTTP/1.1\r\n")]
    [InlineData("GET /ws HTTP/1.1\r\nHost: a\r\n\r\n")]
    [InlineData("GET /wsx HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\n\r\n")]
    [InlineData("GET /ws/ HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\n\r\n")]
    [InlineData("GET /w%73 HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\n\r\n")]
    [InlineData("GET http://a/ws HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\n\r\n")]
    [InlineData("GET /ws HTTP/1.0\r\nHost: a\r\nUpgrade: websocket\r\n\r\n")]
    [InlineData("GET /ws HTTP/1.1\r\nUpgrade: websocket\r\n\r\n")]
    [InlineData("GET /ws HTTP/1.1\r\nHost: a\r\nHost: b\r\nUpgrade: websocket\r\n\r\n")]
    [InlineData("GET /ws HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nContent-Length: 5\r\n\r\n")]
    [InlineData("GET /ws HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nTransfer-Encoding: chunked\r\n\r\n")]
    [InlineData("GET /ws HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nSec-WebSocket-Key: a\r\nSec-WebSocket-Key: b\r\n\r\n")]
    [InlineData("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")]
    [InlineData("\u0016\u0003\u0001\u0002")]
    [InlineData("GET /ws\r\n\r\n")]
    [InlineData("GET /ws HTTP/1.1\r\nHost : a\r\n\r\n")]
    public void Request_OfAnotherKind_IsPassedOn(string text)
    {
        var (kind, request, rest) = Read(text);

        Assert.Equal((FirstBytes.Other, null, text), (kind, request, rest));
    }

    // Found by a review: each read parsed the whole request again and joined repeated headers anew, some 26 MB of strings for a byte.
    [Fact]
    public void Request_OfManySmallHeaders_ThatComesByteByByte_CostsLittle()
    {
        var bytes = Encoding.ASCII.GetBytes("GET /ws HTTP/1.1\r\nHost: a\r\n" + string.Concat(Enumerable.Repeat("upgrade:a\r\n", 2_800)) + "\r\n");
        var reader = new UpgradeRequestReader();
        var length = 0;

        var before = GC.GetAllocatedBytesForCurrentThread();
        while (reader.Read(new ReadOnlySequence<byte>(bytes, 0, ++length), out _, out _) == FirstBytes.Undecided)
        {
        }

        var allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        Assert.Equal(bytes.Length, length);
        Assert.InRange(allocated, 0, 1_000_000);
    }

    [Theory]
    [InlineData(100, true)]
    [InlineData(101, false)]
    public void Headers_AreCounted(int headers, bool taken)
    {
        var more = string.Concat(Enumerable.Repeat("Connection: a\r\n", headers - Upgrade.Split("\r\n").Length + 3));

        var (kind, request, _) = Read(Upgrade.Replace("Upgrade: websocket\r\n", "Upgrade: websocket\r\n" + more, StringComparison.Ordinal));

        Assert.Equal(taken ? FirstBytes.Upgrade : FirstBytes.Other, kind);
        if (taken)
            Assert.StartsWith("keep-alive, Upgrade, a, a", request!.Connection, StringComparison.Ordinal);
    }

    // A header without an end does not fill the memory.
    [Fact]
    public void Request_ThatNeverEnds_IsPassedOn()
    {
        var endless = "GET /ws HTTP/1.1\r\nX-Long: " + new string('x', 64 * 1024);

        Assert.Equal(FirstBytes.Other, Read(endless).Kind);
    }

    [Fact]
    public void Request_OfAnyBytes_NeverThrows() =>
        Gen.Select(Gen.UInt, Gen.Byte, Gen.Int[0, 400], (at, value, length) =>
        {
            var bytes = Encoding.ASCII.GetBytes(Upgrade)[..Math.Min(length, Upgrade.Length)];
            if (bytes.Length > 0)
                bytes[at % bytes.Length] = value;
            return bytes;
        }).Sample(bytes => new UpgradeRequestReader().Read(new ReadOnlySequence<byte>(bytes), out _, out _), iter: 20_000);

    private static (FirstBytes Kind, HandshakeRequest? Request, string Left) Read(string text)
    {
        var buffer = new ReadOnlySequence<byte>(Encoding.Latin1.GetBytes(text));
        var kind = new UpgradeRequestReader().Read(buffer, out var request, out var consumed);
        return (kind, request, Encoding.Latin1.GetString(buffer.Slice(consumed)));
    }
}
