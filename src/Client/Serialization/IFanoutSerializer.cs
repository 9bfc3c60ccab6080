using System.Buffers;

namespace Fanout.Client.Serialization;

/// <summary>Reads and writes payloads of one type. Called from several threads.</summary>
public interface IFanoutSerializer<T>
{
    /// <summary>Writes exactly one value in the format, which is that of the connection.</summary>
    void Write(T value, FanoutFormat format, IBufferWriter<byte> output);

    /// <summary>Reads one value. The bytes may be kept, and must not be changed.</summary>
    T Read(ReadOnlyMemory<byte> bytes, FanoutFormat format);
}
