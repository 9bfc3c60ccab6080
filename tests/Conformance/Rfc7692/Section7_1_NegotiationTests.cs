using Fanout.Tests.Conformance.Support;
using Xunit;

namespace Fanout.Tests.Conformance.Rfc7692;

/// <summary>Sections 5 and 7.1: the first offer that can be honoured is agreed to; without one the connection goes uncompressed.</summary>
public sealed class Section7_1_NegotiationTests(EchoNode node)
{
    private static readonly Dictionary<string, bool> Offers = new()
    {
        ["permessage-deflate"] = true,
        ["PerMessage-Deflate"] = true,
        ["permessage-deflate; client_max_window_bits"] = true,
        ["permessage-deflate; client_max_window_bits=8"] = true,
        ["permessage-deflate; client_max_window_bits=15"] = true,
        ["permessage-deflate; client_max_window_bits=\"10\""] = true,
        ["permessage-deflate; server_max_window_bits=15"] = true,
        ["permessage-deflate;server_no_context_takeover;client_no_context_takeover"] = true,
        ["permessage-deflate; server_no_context_takeover; client_max_window_bits=9; server_max_window_bits=15; client_no_context_takeover"] = true,
        ["x-unknown, permessage-deflate"] = true,
        ["permessage-deflate; server_max_window_bits=10, permessage-deflate"] = true,
        ["permessage-deflate; unknown, permessage-deflate; client_max_window_bits"] = true,
        ["x-unknown"] = false,
        ["permessage-bzip2"] = false,
        ["x-webkit-deflate-frame"] = false,
        ["permessage-deflate; server_max_window_bits"] = false,
        ["permessage-deflate; server_max_window_bits=8"] = false,
        ["permessage-deflate; server_max_window_bits=14"] = false,
        ["permessage-deflate; server_max_window_bits=16"] = false,
        ["permessage-deflate; server_max_window_bits=015"] = false,
        ["permessage-deflate; server_max_window_bits=+15"] = false,
        ["permessage-deflate; client_max_window_bits=7"] = false,
        ["permessage-deflate; client_max_window_bits=16"] = false,
        ["permessage-deflate; client_max_window_bits=08"] = false,
        ["permessage-deflate; client_max_window_bits="] = false,
        ["permessage-deflate; client_max_window_bits=a"] = false,
        ["permessage-deflate; client_max_window_bits; client_max_window_bits"] = false,
        ["permessage-deflate; client_max_window_bits=10; client_max_window_bits=10"] = false,
        ["permessage-deflate; server_no_context_takeover; server_no_context_takeover"] = false,
        ["permessage-deflate; client_no_context_takeover; client_no_context_takeover"] = false,
        ["permessage-deflate; server_no_context_takeover=true"] = false,
        ["permessage-deflate; client_no_context_takeover=1"] = false,
        ["permessage-deflate; unknown"] = false,
        ["permessage-deflate;"] = false,
        ["permessage-deflate; ; client_max_window_bits"] = false,
        [","] = false,
    };

    public static TheoryData<string, Way> All()
    {
        var data = new TheoryData<string, Way>();
        foreach (var offer in Offers.Keys)
        {
            data.Add(offer, Way.FastLane);
            data.Add(offer, Way.Ordinary);
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(All))]
    public async Task Offer_IsAnswered(string offer, Way way)
    {
        await using var peer = await node.ConnectAsync(way, offer);

        Assert.Equal(Offers[offer] ? Deflate.Answer : null, peer.Handshake!.Header("Sec-WebSocket-Extensions"));
        await peer.SendAsync(Wire.Frame(1, Offers[offer] ? Deflate.Message(Wire.Bytes("hello")) : Wire.Bytes("hello"), rsv: Offers[offer] ? 4 : 0));
        Assert.Equal(Answer.Text("hello"), Answer.Of(await peer.ReceiveFrameAsync()));
    }

    [Theory]
    [InlineData(Way.FastLane)]
    [InlineData(Way.Ordinary)]
    public async Task WithoutAnOffer_NothingIsAnswered(Way way)
    {
        await using var peer = await node.ConnectAsync(way);

        Assert.Null(peer.Handshake!.Header("Sec-WebSocket-Extensions"));
    }
}
