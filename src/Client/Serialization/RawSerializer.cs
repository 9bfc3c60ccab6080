using System.Buffers;

namespace Fanout.Client.Serialization;

/// <summary>Payloads as they are on the wire.</summary>
internal sealed class RawSerializer : IFanoutSerializer<FanoutPayload>
{
    public static readonly RawSerializer Instance = new();

    public void Write(FanoutPayload value, FanoutFormat format, IBufferWriter<byte> output) => output.Write(value.In(format).Bytes.Span);

    public FanoutPayload Read(ReadOnlyMemory<byte> bytes, FanoutFormat format) => FanoutPayload.Trusted(format, bytes);
}
