using Fanout.Node.Connections.Handshake;
using Fanout.Shared.Protocol;
using Xunit;

namespace Fanout.Tests.Unit.Connections.Handshake;

public sealed class OfferedProtocolsTests
{
    [Theory]
    [InlineData(null, WireFormat.Json, null, null)]
    [InlineData("", WireFormat.Json, null, null)]
    [InlineData("fanout.v1.json", WireFormat.Json, "fanout.v1.json", null)]
    [InlineData("fanout.v1.msgpack", WireFormat.MessagePack, "fanout.v1.msgpack", null)]
    [InlineData("fanout.v1.msgpack, fanout.v1.json", WireFormat.MessagePack, "fanout.v1.msgpack", null)]
    [InlineData("fanout.v1.json,fanout.v1.msgpack", WireFormat.Json, "fanout.v1.json", null)]
    [InlineData("chat,  fanout.v1.json ,superchat", WireFormat.Json, "fanout.v1.json", null)]
    [InlineData("fanout.bearer.tok.en, fanout.v1.json", WireFormat.Json, "fanout.v1.json", "tok.en")]
    [InlineData("fanout.v1.msgpack,fanout.bearer.a,fanout.bearer.b", WireFormat.MessagePack, "fanout.v1.msgpack", "a")]
    [InlineData("fanout.bearer.,fanout.v1.json", WireFormat.Json, "fanout.v1.json", "")]
    public void Offer_OfAKnownProtocol_IsAnsweredWithTheFirst(string? header, object format, string? echo, string? token)
    {
        Assert.True(OfferedProtocols.TryRead(header, out var offered));

        Assert.Equal(new OfferedProtocols((WireFormat)format, echo, token), offered);
    }

    // A token alone is no protocol: its offer may not be echoed, and a browser fails a connection whose offer is not answered.
    [Theory]
    [InlineData("chat")]
    [InlineData("fanout.v2.json")]
    [InlineData("Fanout.V1.Json")]
    [InlineData("fanout.v1.json2")]
    [InlineData("fanout.bearer.token")]
    public void Offer_OfUnknownProtocolsOnly_IsRefused(string header) => Assert.False(OfferedProtocols.TryRead(header, out _));
}
