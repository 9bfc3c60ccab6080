using System.Buffers;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Fanout.Client.Serialization;

/// <summary>System.Text.Json; MessagePack is made of the JSON, and the other way round.</summary>
internal sealed class JsonTypeInfoSerializer<T>(JsonTypeInfo<T> typeInfo) : IFanoutSerializer<T>
{
    public void Write(T value, FanoutFormat format, IBufferWriter<byte> output)
    {
        if (format == FanoutFormat.Json)
        {
            using var writer = new Utf8JsonWriter(output);
            JsonSerializer.Serialize(writer, value, typeInfo);
            return;
        }

        var json = JsonSerializer.SerializeToUtf8Bytes(value, typeInfo);
        output.Write(FanoutPayload.Trusted(FanoutFormat.Json, json).In(format).Bytes.Span);
    }

    public T Read(ReadOnlyMemory<byte> bytes, FanoutFormat format) =>
        JsonSerializer.Deserialize(FanoutPayload.Trusted(format, bytes).In(FanoutFormat.Json).Bytes.Span, typeInfo)!;
}
