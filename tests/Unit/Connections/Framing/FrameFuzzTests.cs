using System.Buffers;
using System.Globalization;
using System.IO.Compression;
using System.Text.Unicode;
using Fanout.Node.Connections.Framing;
using Fanout.Shared.Protocol;
using Xunit;

namespace Fanout.Tests.Unit.Connections.Framing;

/// <summary>
/// Random and mutated byte streams against the frame reader. <c>scripts/fuzz</c> runs a million of them; FANOUT_FUZZ_SEED and
/// FANOUT_FUZZ_STREAMS choose others. Each is read whole and again in random pieces: both must see the same, and nothing may throw.
/// </summary>
public sealed class FrameFuzzTests
{
    private const int Limit = 300;
    private static readonly int[] Opcodes = [0, 0, 0, 1, 1, 1, 2, 2, 8, 9, 10, 3, 15];
    private static readonly int[] Lengths = [0, 1, 2, 3, 5, 20, 64, 124, 125, 126, 127, 150, 299, 300, 301];

    [Fact]
    public void AnyStream_IsReadTheSame_HoweverItIsCut()
    {
        var seed = Setting("FANOUT_FUZZ_SEED", 20260101);
        var streams = Setting("FANOUT_FUZZ_STREAMS", 20_000);
        var seen = new Dictionary<string, int>();
        for (var i = 0; i < streams; i++)
        {
            // A stream of its own for each number, so that one find can be played again alone.
            var random = new Random(HashCode(seed, i));
            var bytes = Mutate(random, Stream(random));
            var inflates = random.Next(2) == 0;
            string? whole = null, cut = null;
            try
            {
                whole = Read(bytes, [bytes.Length], inflates);
                cut = Read(bytes, Pieces(random, bytes.Length), inflates);
            }
            catch (Exception e)
            {
                Assert.Fail($"Seed {seed}, stream {i}, inflates {inflates}, {Convert.ToHexString(bytes)}: {e}");
            }

            if (whole != cut)
                Assert.Fail($"Seed {seed}, stream {i}, inflates {inflates}, {Convert.ToHexString(bytes)}:\nwhole {whole}\ncut   {cut}");
            foreach (var kind in whole!.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(item => item.Split(':')[0]))
                seen[kind] = seen.GetValueOrDefault(kind) + 1;
        }

        TestContext.Current.TestOutputHelper?.WriteLine($"seed {seed}, {streams} streams: {string.Join(", ", seen.OrderBy(pair => pair.Key).Select(pair => $"{pair.Key} {pair.Value}"))}");
        // A fuzzer that reaches only a corner of the reader proves nothing.
        foreach (var kind in new[] { "Text", "Binary", "Ping", "Pong", "Close", "Violation1002", "Violation1007", "Violation1009" })
            Assert.True(streams < 20_000 || seen.GetValueOrDefault(kind) > streams / 1000, $"{kind} was hardly met: {seen.GetValueOrDefault(kind)}");
    }

    private static int Setting(string name, int otherwise) =>
        Environment.GetEnvironmentVariable(name) is { Length: > 0 } text ? int.Parse(text, CultureInfo.InvariantCulture) : otherwise;

    // Not System.HashCode, which differs from run to run.
    private static int HashCode(int seed, int i) => unchecked((seed * 397) ^ (i * 486187739));

    private static List<byte> Stream(Random random)
    {
        var stream = new List<byte>();
        if (random.Next(10) == 0)
        {
            for (var i = random.Next(200); i > 0; i--)
                stream.Add((byte)random.Next(256));
            return stream;
        }

        for (var frames = random.Next(1, 8); frames > 0; frames--)
            Frame(random, stream);
        return stream;
    }

    private static void Frame(Random random, List<byte> stream)
    {
        var opcode = Opcodes[random.Next(random.Next(4) == 0 ? Opcodes.Length : 11)];
        var length = opcode >= 8 && random.Next(8) > 0 ? random.Next(126) : Lengths[random.Next(Lengths.Length)];
        var payload = Payload(random, opcode, length);
        var rsv = random.Next(3) == 0 ? 0x40 : random.Next(40) == 0 ? random.Next(8) << 4 : 0;
        if (rsv == 0x40 && random.Next(4) > 0)
            payload = Compress(payload);
        stream.Add((byte)((opcode >= 8 || random.Next(3) > 0 ? 0x80 : 0) | (opcode is 1 or 2 || random.Next(20) == 0 ? rsv : 0) | opcode));
        var wide = random.Next(30);
        if (payload.Length < 126 && wide > 1)
            stream.Add((byte)(0x80 | payload.Length));
        else if (wide > 0)
            stream.AddRange([0x80 | 126, (byte)(payload.Length >> 8), (byte)payload.Length]);
        else
            stream.AddRange([0x80 | 127, (byte)(random.Next(4) == 0 ? 0x80 : 0), 0, 0, 0, 0, 0, (byte)(payload.Length >> 8), (byte)payload.Length]);
        byte[] key = [(byte)random.Next(256), (byte)random.Next(256), (byte)random.Next(256), (byte)random.Next(256)];
        stream.AddRange(key);
        for (var i = 0; i < payload.Length; i++)
            stream.Add((byte)(payload[i] ^ key[i & 3]));
    }

    private static byte[] Payload(Random random, int opcode, int length)
    {
        var payload = new byte[length];
        if (opcode == 8 && length >= 2)
        {
            payload.AsSpan().Fill((byte)'r');
            var code = random.Next(4) == 0 ? random.Next(65_536) : 1000 + random.Next(20);
            (payload[0], payload[1]) = ((byte)(code >> 8), (byte)code);
        }
        else if (random.Next(4) == 0)
        {
            random.NextBytes(payload);
        }
        else
        {
            // Text of two bytes a character; an odd length cuts the last.
            for (var i = 0; i < length; i++)
                payload[i] = (byte)(i % 2 == 0 ? 0xC3 : 0xA4);
        }

        return payload;
    }

    private static byte[] Compress(byte[] payload)
    {
        using var output = new MemoryStream();
        using var deflate = new DeflateStream(output, CompressionLevel.Fastest, leaveOpen: true);
        deflate.Write(payload);
        deflate.Flush();
        return output.Length < 4 ? [0] : output.ToArray()[..^4];
    }

    private static byte[] Mutate(Random random, List<byte> stream)
    {
        for (var times = random.Next(3) == 0 ? random.Next(1, 4) : 0; times > 0 && stream.Count > 0; times--)
        {
            var at = random.Next(stream.Count);
            switch (random.Next(4))
            {
                case 0:
                    stream[at] ^= (byte)(1 << random.Next(8));
                    break;
                case 1:
                    stream[at] = (byte)random.Next(256);
                    break;
                case 2:
                    stream.RemoveRange(at, random.Next(stream.Count - at));
                    break;
                default:
                    stream.InsertRange(at, stream.GetRange(at, random.Next(Math.Min(20, stream.Count - at))));
                    break;
            }
        }

        return [.. stream];
    }

    private static List<int> Pieces(Random random, int length)
    {
        var most = random.Next(3) == 0 ? 1 : 40;
        var pieces = new List<int>();
        for (var left = length; left > 0; left -= pieces[^1])
            pieces.Add(Math.Min(left, random.Next(1, most + 1)));
        return pieces;
    }

    // What came out, as text; pieces are offered as the pump does it.
    private static string Read(byte[] bytes, List<int> pieces, bool inflates)
    {
        using var reader = new FrameReader(Limit, inflates);
        var seen = new System.Text.StringBuilder();
        var (from, to) = (0, 0);
        foreach (var piece in pieces)
        {
            to += piece;
            var buffer = new ReadOnlySequence<byte>(bytes, from, to - from);
            while (true)
            {
                var frame = reader.Read(ref buffer);
                if (frame.IsCompressed)
                    frame = reader.Inflate();
                if (frame.Kind == InboundKind.None)
                    break;
                if (frame.Kind == InboundKind.Message)
                {
                    Assert.True(frame.Payload.Length <= Limit && (frame.Opcode != Opcode.Text || Utf8.IsValid(frame.Payload)), "a message that must not be");
                    seen.Append(' ').Append(frame.Opcode);
                }
                else
                {
                    seen.Append(' ').Append(frame.Kind);
                    if (frame.Kind == InboundKind.Violation)
                        seen.Append(CultureInfo.InvariantCulture, $"{frame.CloseCode}");
                }

                seen.Append(':').Append(frame.CloseCode).Append(':').Append(Convert.ToHexString(frame.Payload)).Append(frame.Reason?.Replace(' ', '_'));
                if (frame.Kind is InboundKind.Violation)
                {
                    Assert.True(Enum.IsDefined((CloseCode)frame.CloseCode!.Value), "a violation without a code");
                    return seen.ToString();
                }

                if (frame.Kind == InboundKind.Close)
                    return seen.ToString();
            }

            from = to - (int)buffer.Length;
        }

        return seen.ToString();
    }
}
