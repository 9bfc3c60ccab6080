using System.IO.Compression;
using Fanout.Tests.Conformance.Support;
using Xunit;

namespace Fanout.Tests.Conformance.Rfc7692;

/// <summary>Sections 6 and 7.2: compressed messages, their fragments, their limits, and what is none.</summary>
public sealed class Section7_2_MessagesTests(EchoNode node)
{
    private const int Rsv1 = 4;
    private static readonly byte[] Hello = Wire.Bytes("Hello");
    private static readonly Cases All = Build();

    public static TheoryData<string, Way> Names => All.OverBothWays();

    [Theory]
    [MemberData(nameof(Names))]
    public Task Holds(string name, Way way) => node.PlayAsync(way, All[name]);

    private static Cases Build()
    {
        var cases = new Cases
        {
            // The RFC's own examples.
            ["7.2.3.1 one block"] = Echo(Compressed([0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00]), Answer.Text("Hello")),
            ["7.2.3.1 one block in two frames"] = Echo(
                Wire.Join(Wire.Frame(1, [0xf2, 0x48, 0xcd], fin: false, Rsv1), Wire.Frame(0, [0xc9, 0xc9, 0x07, 0x00])), Answer.Text("Hello")),
            ["7.2.3.3 a block without compression"] = Echo(
                Compressed([0x00, 0x05, 0x00, 0xfa, 0xff, 0x48, 0x65, 0x6c, 0x6c, 0x6f, 0x00]), Answer.Text("Hello")),
            ["7.2.3.4 a final block"] = Echo(Compressed([0xf3, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00, 0x00]), Answer.Text("Hello")),
            ["7.2.3.5 two blocks"] = Echo(
                Compressed([0xf2, 0x48, 0x05, 0x00, 0x00, 0x00, 0xff, 0xff, 0xca, 0xc9, 0xc9, 0x07, 0x00]), Answer.Text("Hello")),
            ["7.2.3.6 an empty message"] = Echo(Compressed([0x00]), Answer.Text("")),
            ["7.2.3.2 the window of another message"] = Fails(
                1007, Wire.Join(Compressed([0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00]), Compressed([0xf2, 0x00, 0x11, 0x00, 0x00])), Answer.Text("Hello")),

            ["an uncompressed message among compressed ones"] = Echo(
                Wire.Join(Compressed(Deflate.Message(Hello)), Wire.Text("plain"), Compressed(Deflate.Message(Hello))), Answer.Text("Hello"), Answer.Text("plain"), Answer.Text("Hello")),
            ["a binary message"] = Echo(Wire.Frame(2, Deflate.Message(Wire.Of(5000)), rsv: Rsv1), Answer.Binary(Wire.Of(5000))),
            ["pings between fragments are not compressed"] = Echo(
                Wire.Fragments(1, Deflate.Message(Wire.Letters(1000)), 10, Wire.Frame(9, []), Rsv1),
                [.. Enumerable.Repeat(Answer.Pong([]), ((Deflate.Message(Wire.Letters(1000)).Length + 9) / 10) - 1), Answer.Text(Wire.Letters(1000))]),
            ["text that is no UTF-8 once inflated"] = Fails(1007, Compressed(Deflate.Message([0x61, 0xff]))),
            ["bytes that look like bad UTF-8 before they are inflated"] = Echo(
                Wire.Fragments(1, Deflate.Message(Wire.Letters(1000)), 1, rsv: Rsv1), Answer.Text(Wire.Letters(1000))),

            ["RSV1 on a continuation"] = Fails(1002, Wire.Join(Wire.Frame(1, [0xf2, 0x48, 0xcd], fin: false, Rsv1), Wire.Frame(0, [0xc9, 0xc9, 0x07, 0x00], rsv: Rsv1))),
            ["RSV1 on a continuation of a plain message"] = Fails(1002, Wire.Join(Wire.Frame(1, Hello, fin: false), Wire.Frame(0, Hello, rsv: Rsv1))),
            ["RSV1 on a ping"] = Fails(1002, Wire.Frame(9, [], rsv: Rsv1)),
            ["RSV1 on a pong"] = Fails(1002, Wire.Frame(10, [], rsv: Rsv1)),
            ["RSV1 on a close"] = Fails(1002, Wire.Frame(8, [3, 232], rsv: Rsv1)),
            ["RSV2"] = Fails(1002, Wire.Frame(1, Deflate.Message(Hello), rsv: 2)),
            ["RSV1 and RSV3"] = Fails(1002, Wire.Frame(1, Deflate.Message(Hello), rsv: 5)),
            ["RSV1 where nothing was agreed"] = Case.Fails(1002, Compressed(Deflate.Message(Hello))),

            ["the limit, inflated"] = Echo(Wire.Frame(2, Deflate.Bomb(EchoNode.Limit), rsv: Rsv1), Answer.Binary(new byte[EchoNode.Limit])),
            ["one byte over the limit, inflated"] = Fails(1009, Wire.Frame(2, Deflate.Bomb(EchoNode.Limit + 1), rsv: Rsv1)),
            ["a gigabyte in a megabyte"] = Fails(1009, Wire.Frame(2, Deflate.Bomb(1L << 30), rsv: Rsv1)),
            ["blocks that inflate to nothing, over the limit"] = Fails(
                1009, Wire.Frame(2, Wire.Join(Enumerable.Repeat<byte[]>([0, 0, 0, 0xff, 0xff], 1_000_000).Chunk(1000).Select(blocks => Wire.Join(blocks)).SelectMany(block => Enumerable.Repeat(block, 4))), rsv: Rsv1)),

            // Blocks without compression that claim what never comes; as binary, since the bytes that the node adds are no UTF-8 either.
            ["a block that claims one byte more"] = Fails(1007, Wire.Frame(2, [0, 15, 0, 0xf0, 0xff, 0x61], rsv: Rsv1)),
            ["a block that claims 64 bytes"] = Fails(1007, Wire.Frame(2, [0, 64, 0, 0xbf, 0xff, 0x61], rsv: Rsv1)),
            ["a block that claims just what the node adds"] = Fails(1007, Wire.Frame(2, [0, 10, 0, 0xf5, 0xff, 0x61], rsv: Rsv1)),
            ["no byte at all"] = Fails(1007, Compressed([])),
            ["a block type that does not exist"] = Fails(1007, Compressed([0x07, 0xff])),
            ["plain text that says it is compressed"] = Fails(1007, Compressed(Wire.Bytes("""{"type":"ping"}"""))),
            ["bytes without meaning"] = Fails(1007, Compressed([.. Enumerable.Range(0, 500).Select(i => (byte)(255 - (i * 7)))])),
            ["the tail is not cut off"] = Echo(Compressed([.. Deflate.Message(Hello), 0, 0, 0xff, 0xff, 0]), Answer.Text("Hello")),
        };
        var whole = Deflate.Message(Wire.Letters(26));
        for (var length = 1; length < whole.Length - 1; length++)
            cases[$"cut off at {length} of {whole.Length}"] = Fails(1007, Compressed(whole[..length]));
        foreach (var level in new[] { CompressionLevel.NoCompression, CompressionLevel.Fastest, CompressionLevel.Optimal, CompressionLevel.SmallestSize })
        {
            foreach (var length in new[] { 1, 125, 126, 65_535, 65_536, 1_048_576, 16 * 1024 * 1024 })
                cases[$"{length} bytes, {level}"] = Echo(Compressed(Deflate.Message(Wire.Letters(length), level)), Answer.Text(Wire.Letters(length)));
            cases[$"fragments of 64, {level}"] = Echo(Wire.Fragments(2, Deflate.Message(Wire.Of(300_000), level), 64, rsv: Rsv1), Answer.Binary(Wire.Of(300_000)));
        }

        cases["16 MiB in fragments of 64"] = Echo(
            Wire.Fragments(2, Deflate.Message(Wire.Of(16 * 1024 * 1024), CompressionLevel.NoCompression), 64, rsv: Rsv1), Answer.Binary(Wire.Of(16 * 1024 * 1024)));
        return cases;
    }

    private static byte[] Compressed(byte[] blocks) => Wire.Frame(1, blocks, rsv: Rsv1);

    private static Case Echo(byte[] bytes, params Answer[] answers) => Case.Echo(bytes, answers) with { Extensions = Deflate.Offer };

    private static Case Fails(int code, byte[] bytes, params Answer[] before) => Case.Fails(code, bytes, before) with { Extensions = Deflate.Offer };
}
