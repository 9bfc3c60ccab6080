namespace Fanout.Tests.Conformance.Support;

/// <summary>
/// Inflates a message by RFC 1951, written for the tests: unlike the runtime it says how far back the sender referred, which is what
/// <c>server_max_window_bits</c> limits.
/// </summary>
public sealed class DeflateReader
{
    private static readonly int[] LengthBase = [3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258];
    private static readonly int[] LengthExtra = [0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0];
    private static readonly int[] DistanceBase =
        [1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537, 2049, 3073, 4097, 6145, 8193, 12289, 16385, 24577];

    private static readonly int[] CodeOrder = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

    private readonly byte[] _bytes;
    private readonly List<byte> _output = [];
    private int _bit;

    private DeflateReader(byte[] bytes) => _bytes = bytes;

    /// <summary>How far back the message refers at most.</summary>
    public int LargestDistance { get; private set; }

    /// <summary>Inflates what a server has sent with RSV1, the cut-off tail put back.</summary>
    public static (byte[] Message, int LargestDistance) Read(ReadOnlySpan<byte> message)
    {
        var reader = new DeflateReader([.. message, 0, 0, 0xff, 0xff]);
        // Behind the tail's empty block nothing is left but the rest of its last byte.
        while (reader._bit < reader._bytes.Length * 8 && reader.Block())
        {
        }

        return ([.. reader._output], reader.LargestDistance);
    }

    private bool Block()
    {
        var final = Bits(1) == 1;
        switch (Bits(2))
        {
            case 0:
                Stored();
                break;
            case 1:
                Codes(
                    new Huffman([.. Enumerable.Repeat(8, 144), .. Enumerable.Repeat(9, 112), .. Enumerable.Repeat(7, 24), .. Enumerable.Repeat(8, 8)]),
                    new Huffman([.. Enumerable.Repeat(5, 30)]));
                break;
            case 2:
                Dynamic();
                break;
            default:
                throw new FormatException("a block type that does not exist");
        }

        return !final;
    }

    private void Stored()
    {
        _bit = (_bit + 7) / 8 * 8;
        var length = Bits(16);
        if ((Bits(16) ^ 0xffff) != length)
            throw new FormatException("a stored block whose length does not fit its complement");
        for (; length > 0; length--)
            _output.Add((byte)Bits(8));
    }

    private void Dynamic()
    {
        var (literals, distances, codes) = (Bits(5) + 257, Bits(5) + 1, Bits(4) + 4);
        var codeLengths = new int[19];
        for (var i = 0; i < codes; i++)
            codeLengths[CodeOrder[i]] = Bits(3);
        var code = new Huffman(codeLengths);
        var lengths = new List<int>();
        while (lengths.Count < literals + distances)
        {
            var symbol = Symbol(code);
            if (symbol < 16)
                lengths.Add(symbol);
            else if (symbol == 16)
                lengths.AddRange(Enumerable.Repeat(lengths[^1], Bits(2) + 3));
            else
                lengths.AddRange(Enumerable.Repeat(0, symbol == 17 ? Bits(3) + 3 : Bits(7) + 11));
        }

        Codes(new Huffman([.. lengths.Take(literals)]), new Huffman([.. lengths.Skip(literals)]));
    }

    private void Codes(Huffman literals, Huffman distances)
    {
        while (true)
        {
            var symbol = Symbol(literals);
            if (symbol == 256)
                return;
            if (symbol < 256)
            {
                _output.Add((byte)symbol);
                continue;
            }

            var length = LengthBase[symbol - 257] + Bits(LengthExtra[symbol - 257]);
            var place = Symbol(distances);
            var distance = DistanceBase[place] + Bits(place < 4 ? 0 : (place / 2) - 1);
            if (distance > _output.Count)
                throw new FormatException("a reference to before the message");
            LargestDistance = Math.Max(LargestDistance, distance);
            for (; length > 0; length--)
                _output.Add(_output[^distance]);
        }
    }

    private int Symbol(Huffman code)
    {
        var (value, first, index) = (0, 0, 0);
        for (var length = 1; length <= 15; length++)
        {
            value |= Bits(1);
            var count = code.Counts[length];
            if (value - count < first)
                return code.Symbols[index + value - first];
            index += count;
            first = (first + count) << 1;
            value <<= 1;
        }

        throw new FormatException("a code that does not exist");
    }

    private int Bits(int count)
    {
        var value = 0;
        for (var i = 0; i < count; i++, _bit++)
            value |= ((_bytes[_bit / 8] >> (_bit % 8)) & 1) << i;
        return value;
    }

    private sealed class Huffman
    {
        public Huffman(int[] lengths)
        {
            foreach (var length in lengths)
                Counts[length]++;
            Counts[0] = 0;
            Symbols = [.. Enumerable.Range(0, lengths.Length).Where(symbol => lengths[symbol] > 0).OrderBy(symbol => lengths[symbol]).ThenBy(symbol => symbol)];
        }

        public int[] Counts { get; } = new int[16];

        public int[] Symbols { get; }
    }
}
