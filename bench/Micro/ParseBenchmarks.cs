using BenchmarkDotNet.Attributes;
using Fanout.Shared.Envelopes;

namespace Fanout.Bench.Micro;

/// <summary>A client's publish to its fields.</summary>
public class ParseBenchmarks
{
    [Benchmark]
    public int Json() => JsonClientMessageReader.Read(Samples.JsonPublish).Payload.Length;

    [Benchmark]
    public int MessagePack() => MessagePackClientMessageReader.Read(Samples.MessagePackPublish).Payload.Length;
}
