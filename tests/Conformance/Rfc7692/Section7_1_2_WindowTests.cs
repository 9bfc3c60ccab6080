using System.Globalization;
using System.Text;
using Fanout.Tests.Conformance.Support;
using Xunit;

namespace Fanout.Tests.Conformance.Rfc7692;

/// <summary>Section 7.1.2: what the node sends refers no further back than the agreed window, nor into another message (7.1.1.1).</summary>
public sealed class Section7_1_2_WindowTests(EchoNode node)
{
    public static TheoryData<int, Way> Windows
    {
        get
        {
            var data = new TheoryData<int, Way>();
            for (var bits = 8; bits <= 15; bits++)
            {
                data.Add(bits, Way.FastLane);
                data.Add(bits, Way.Ordinary);
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Windows))]
    public async Task Answers_StayInTheWindow_AndInTheMessage(int bits, Way way)
    {
        await using var peer = await node.ConnectAsync(way, string.Create(CultureInfo.InvariantCulture, $"permessage-deflate; server_max_window_bits={bits}"));
        Assert.Equal($"{Deflate.Answer}; server_max_window_bits={bits}", peer.Handshake!.Header("Sec-WebSocket-Extensions"));
        var window = 1 << bits;

        // Words that come again at every distance up to 100,000, so that a compressor that may look back further does.
        foreach (var length in new[] { 100, window, window + 1, 40_000, 100_000, 1_000_000 })
        {
            var message = Encoding.ASCII.GetBytes(Words(length));
            for (var again = 0; again < 2; again++)
            {
                await peer.SendAsync(Wire.Frame(1, message));
                var frame = await peer.ReceiveFrameAsync();
                // zlib makes no windows of 8 bits: over it messages go uncompressed.
                Assert.Equal(bits == 8 && length > window ? 0 : 4, frame.Rsv);
                if (frame.Rsv == 0)
                    continue;
                // Reading it would fail if it referred to the message before.
                var (inflated, distance) = DeflateReader.Read(frame.Payload.Span);
                Assert.Equal(message, inflated);
                Assert.InRange(distance, 0, window);
            }
        }
    }

    private static string Words(int length)
    {
        var random = new Random(4711);
        var words = Enumerable.Range(0, 2_000).Select(_ => new string([.. Enumerable.Range(0, 12).Select(_ => (char)('a' + random.Next(4)))])).ToArray();
        var text = new StringBuilder();
        while (text.Length < length)
            text.Append(words[random.Next(words.Length)]).Append(' ');
        return text.ToString(0, length);
    }
}
