using BenchmarkDotNet.Attributes;
using Fanout.Node.Backplane;

namespace Fanout.Bench.Micro;

/// <summary>A message on its way through the backplane.</summary>
public class CodecBenchmarks
{
    private static readonly StoredMessage Message = new("0123456789abcdef", 1_700_000_000_000, Samples.From, null, Samples.Json);
    private static readonly byte[] Encoded = MessageCodec.Encode(Message);

    [Benchmark]
    public int Encode() => MessageCodec.Encode(Message).Length;

    [Benchmark]
    public bool Decode() => MessageCodec.TryDecode(Encoded, out _);
}
