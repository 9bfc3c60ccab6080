using System.Buffers;
using System.Net;
using System.Text;
using CsCheck;
using Fanout.Node.Connections.FastLane;
using Fanout.Node.Connections.Handshake;
using Xunit;

namespace Fanout.Tests.Unit.Connections;

/// <summary>The first bytes of a connection, and what stands in its headers: anybody may write anything there.</summary>
public sealed class HandshakeFuzzTests
{
    private const string Upgrade =
        "GET /ws?rooms=a HTTP/1.1\r\nHost: here\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

    // Whatever is read in one piece is read the same byte by byte, up to where it is decided; nothing throws.
    [Fact]
    public void FirstBytes_OfAnyKind_AreDecidedTheSame_HoweverTheyCome() =>
        Gen.OneOf(Gen.Byte.Array[0, 80], Gen.Select(Gen.Select(Gen.UInt, Gen.Byte).Array[0, 4], Gen.UInt, (changes, cut) =>
        {
            var bytes = Encoding.ASCII.GetBytes(Upgrade);
            foreach (var (at, value) in changes)
                bytes[at % bytes.Length] = value;
            return cut % 3 == 0 ? bytes[..(int)(cut % (uint)(bytes.Length + 1))] : bytes;
        })).Sample(
            bytes =>
            {
                var whole = new UpgradeRequestReader().Read(new ReadOnlySequence<byte>(bytes), out var request, out _);
                Assert.Equal(whole == FirstBytes.Upgrade, request is not null);
                var reader = new UpgradeRequestReader();
                for (var length = 0; length < bytes.Length; length++)
                {
                    var kind = reader.Read(new ReadOnlySequence<byte>(bytes, 0, length), out _, out _);
                    if (kind != FirstBytes.Undecided)
                    {
                        Assert.Equal(kind, whole);
                        return;
                    }
                }
            },
            iter: 3_000);

    // Found by the hostile tests: a request over the limit was refused only if it came in pieces.
    [Theory]
    [InlineData(30_000, true)]
    [InlineData(40_000, false)]
    [InlineData(1_000_000, false)]
    public void Request_OverTheLimit_IsLeftToAspNet_HoweverItComes(int length, bool taken)
    {
        var bytes = Encoding.ASCII.GetBytes(Upgrade.Replace("rooms=a", "rooms=" + new string('a', length), StringComparison.Ordinal));

        Assert.Equal(taken ? FirstBytes.Upgrade : FirstBytes.Other, new UpgradeRequestReader().Read(new ReadOnlySequence<byte>(bytes), out _, out _));
        if (!taken)
            Assert.Equal(FirstBytes.Other, new UpgradeRequestReader().Read(new ReadOnlySequence<byte>(bytes, 0, 35_000), out _, out _));
    }

    [Fact]
    public void Addresses_OfAnyText_AreSomebodys() =>
        Gen.OneOf(Gen.String[0, 60], Gen.OneOf("10.0.0.1", "203.0.113.7", ",", " ", ":", "[", "]", "::1", "999", "x").Array[0, 12].Select(parts => string.Concat(parts))).Sample(
            text => Assert.NotNull(new ClientAddress(new ProxyOptions { Known = ["10.0.0.0/8"] }).Apply(
                new HandshakeRequest { RemoteAddress = IPAddress.Parse("10.0.0.1"), ForwardedFor = text, ForwardedHost = text }).RemoteAddress),
            iter: 20_000);

    [Fact]
    public void Subprotocols_OfAnyText_AreReadOrRefused() =>
        Gen.OneOf(Gen.String[0, 60], Gen.OneOf("fanout.v1.json", "fanout.v1.msgpack", "fanout.bearer.", "fanout.bearer.x", ",", " ", "chat", "\0").Array[0, 12].Select(parts => string.Concat(parts)))
            .Sample(
                text =>
                {
                    if (OfferedProtocols.TryRead(text, out var offered) && offered.Echo is not null)
                        Assert.Contains(offered.Echo, text, StringComparison.Ordinal);
                },
                iter: 20_000);
}
