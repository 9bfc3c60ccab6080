using Fanout.Tests.Conformance.Support;
using Xunit;

namespace Fanout.Tests.Conformance.Rfc7692;

/// <summary>Sections 5 and 7.1: the first offer that can be honoured is agreed to; without one the connection goes uncompressed.</summary>
public sealed class Section7_1_NegotiationTests(EchoNode node)
{
    private static readonly Dictionary<string, string?> Offers = new()
    {
        ["permessage-deflate"] = Deflate.Answer,
        ["PerMessage-Deflate"] = Deflate.Answer,
        ["permessage-deflate; client_max_window_bits"] = Deflate.Answer,
        ["permessage-deflate; client_max_window_bits=8"] = Deflate.Answer,
        ["permessage-deflate; client_max_window_bits=15"] = Deflate.Answer,
        ["permessage-deflate; client_max_window_bits=\"10\""] = Deflate.Answer,
        ["permessage-deflate; server_max_window_bits=15"] = Window(15),
        ["permessage-deflate;server_no_context_takeover;client_no_context_takeover"] = Deflate.Answer,
        ["permessage-deflate; server_no_context_takeover; client_max_window_bits=9; server_max_window_bits=15; client_no_context_takeover"] = Window(15),
        ["x-unknown, permessage-deflate"] = Deflate.Answer,
        ["permessage-deflate; server_max_window_bits=10, permessage-deflate"] = Window(10),
        ["permessage-deflate; unknown, permessage-deflate; client_max_window_bits"] = Deflate.Answer,
        ["x-unknown"] = null,
        ["permessage-bzip2"] = null,
        ["x-webkit-deflate-frame"] = null,
        ["permessage-deflate; server_max_window_bits"] = null,
        ["permessage-deflate; server_max_window_bits=8"] = Window(8),
        ["permessage-deflate; server_max_window_bits=14"] = Window(14),
        ["permessage-deflate; server_max_window_bits=\"9\"; client_max_window_bits=9"] = Window(9),
        ["permessage-deflate; server_max_window_bits=7"] = null,
        ["permessage-deflate; server_max_window_bits=16"] = null,
        ["permessage-deflate; server_max_window_bits=9; server_max_window_bits=9"] = null,
        ["permessage-deflate; server_max_window_bits=015"] = null,
        ["permessage-deflate; server_max_window_bits=+15"] = null,
        ["permessage-deflate; client_max_window_bits=7"] = null,
        ["permessage-deflate; client_max_window_bits=16"] = null,
        ["permessage-deflate; client_max_window_bits=08"] = null,
        ["permessage-deflate; client_max_window_bits="] = null,
        ["permessage-deflate; client_max_window_bits=a"] = null,
        ["permessage-deflate; client_max_window_bits; client_max_window_bits"] = null,
        ["permessage-deflate; client_max_window_bits=10; client_max_window_bits=10"] = null,
        ["permessage-deflate; server_no_context_takeover; server_no_context_takeover"] = null,
        ["permessage-deflate; client_no_context_takeover; client_no_context_takeover"] = null,
        ["permessage-deflate; server_no_context_takeover=true"] = null,
        ["permessage-deflate; client_no_context_takeover=1"] = null,
        ["permessage-deflate; unknown"] = null,
        ["permessage-deflate;"] = null,
        ["permessage-deflate; ; client_max_window_bits"] = null,
        [","] = null,
    };

    private static string Window(int bits) => $"{Deflate.Answer}; server_max_window_bits={bits}";

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

        var (agreed, letters) = (Offers[offer] is not null, Wire.Letters(200));
        Assert.Equal(Offers[offer], peer.Handshake!.Header("Sec-WebSocket-Extensions"));
        await peer.SendAsync(Wire.Frame(1, agreed ? Deflate.Message(letters) : letters, rsv: agreed ? 4 : 0));
        var frame = await peer.ReceiveFrameAsync();
        Assert.Equal(agreed ? 4 : 0, frame.Rsv);
        Assert.Equal(Answer.Text(letters), agreed ? Answer.OfDeflated(frame) : Answer.Of(frame));
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
