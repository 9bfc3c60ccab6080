using BenchmarkDotNet.Attributes;
using Fanout.Node.Connections.Framing;
using Fanout.Shared.Envelopes;
using Fanout.Shared.Protocol;

namespace Fanout.Bench.Micro;

/// <summary>A room message to a whole frame: once a message, format and node.</summary>
public class EncodeBenchmarks
{
    [Params(WireFormat.Json, WireFormat.MessagePack)]
    public WireFormat Format { get; set; }

    /// <summary>The publisher's own format.</summary>
    [Benchmark(Baseline = true)]
    public byte[] SameFormat() => Encode(Samples.Of(Format));

    /// <summary>The payload is carried over from the other format.</summary>
    [Benchmark]
    public byte[] OtherFormat() => Encode(Samples.Of(Format == WireFormat.Json ? WireFormat.MessagePack : WireFormat.Json));

    private byte[] Encode(Payload payload) =>
        ServerFrames.Encode(Format, new RoomMessageEnvelope(Samples.Room, "0123456789abcdef", 42, 1_700_000_000_000, Samples.From, payload));
}
