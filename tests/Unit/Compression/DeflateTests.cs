using System.Text;
using CsCheck;
using Fanout.Node.Compression;
using Fanout.Node.Connections.Framing;
using Xunit;

namespace Fanout.Tests.Unit.Compression;

public sealed class DeflateTests
{
    private static readonly Gen<byte[]> Messages = Gen.OneOf(
        Gen.Byte.Array[0, 3_000],
        Gen.Select(Gen.Byte.Array[1, 20], Gen.Int[1, 2_000], (word, times) => (byte[])[.. Enumerable.Repeat(word, times).SelectMany(bytes => bytes)]));

    [Fact]
    public void Message_OfAnyKind_ComesBackAsItWas_OrIsLeftAlone() =>
        Messages.Sample(
            message =>
            {
                if (Deflater.Deflate(message, 10) is not { } bytes)
                    return;
                Assert.True(bytes.Length - 10 < message.Length);
                Assert.Equal(InflateResult.Done, Inflater.Inflate(bytes.AsMemory(10), message.Length, out var inflated, out var length));
                Assert.Equal(message, inflated.AsSpan(0, length).ToArray());
                // One byte less is one too few.
                Assert.Equal(InflateResult.TooLarge, Inflater.Inflate(bytes.AsMemory(10), message.Length - 1, out _, out _));
            },
            iter: 3_000);

    [Fact]
    public void Message_ThatRepeatsItself_IsCompressed()
    {
        Assert.NotNull(Deflater.Deflate(new byte[100], 10));
        Assert.Null(Deflater.Deflate("ab"u8, 10));
        Assert.Null(Deflater.Deflate([], 10));
    }

    [Theory]
    [InlineData(9)]
    [InlineData(12)]
    [InlineData(14)]
    public void Frame_ForASmallerWindow_IsAWholeFrame(int bits)
    {
        var message = Encoding.ASCII.GetBytes(string.Concat(Enumerable.Range(0, 5_000)));

        var frame = Deflater.DeflateFrame(message, isText: true, bits)!;

        Assert.Equal(0xc1, frame[0]);
        Assert.Equal(InflateResult.Done, Inflater.Inflate(ServerFrames.PayloadOf(frame).ToArray(), message.Length, out var inflated, out var length));
        Assert.Equal(message, inflated.AsSpan(0, length).ToArray());
        Assert.Null(Deflater.DeflateFrame(message, isText: true, 8));
    }

    [Fact]
    public void Inflater_OnAnyBytes_NeverThrows_AndStaysWithinItsLimit() =>
        Gen.OneOf(Gen.Byte.Array[0, 200], Messages.Select(message => Deflater.Deflate(message, 0) ?? message)).SelectMany(bytes => Gen.Select(Gen.UInt, Gen.Byte, Gen.Int[0, 250], (at, value, length) =>
        {
            var damaged = bytes.Take(length).ToArray();
            if (damaged.Length > 0)
                damaged[at % damaged.Length] = value;
            return damaged;
        })).Sample(
            bytes =>
            {
                var result = Inflater.Inflate(bytes, 1_000, out var message, out var length);
                Assert.Equal(result == InflateResult.Done, message is not null);
                Assert.InRange(length, 0, 1_000);
                if (message is not null)
                    System.Buffers.ArrayPool<byte>.Shared.Return(message);
            },
            iter: 20_000);

    [Fact]
    public void Offer_OfAnyText_IsAnsweredRightly_OrNotAtAll() =>
        Gen.OneOf(
            Gen.String[0, 60],
            Gen.OneOf("permessage-deflate", "server_max_window_bits", "client_max_window_bits", "server_no_context_takeover", "client_no_context_takeover", ";", ",", "=", "\"", " ", "8", "9", "15", "16", "x")
                .Array[0, 12].Select(parts => string.Concat(parts)))
            .Sample(
                header =>
                {
                    if (DeflateOffer.Accept(header) is not { } agreement)
                        return;
                    Assert.Contains("permessage-deflate", header, StringComparison.OrdinalIgnoreCase);
                    Assert.InRange(agreement.ServerWindowBits, 8, 15);
                    // A node keeps no window, and says so whatever was asked; a window is named where one was asked for.
                    Assert.StartsWith("permessage-deflate; server_no_context_takeover; client_no_context_takeover", agreement.Answer, StringComparison.Ordinal);
                    Assert.Equal(
                        agreement.Answer.Contains("server_max_window_bits", StringComparison.Ordinal) ? $"; server_max_window_bits={agreement.ServerWindowBits}" : "",
                        agreement.Answer["permessage-deflate; server_no_context_takeover; client_no_context_takeover".Length..]);
                },
                iter: 20_000);
}
