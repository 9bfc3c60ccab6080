using System.Buffers;

namespace Fanout.Client.Serialization;

/// <summary>From values to payloads and back.</summary>
internal static class SerializerExtensions
{
    /// <exception cref="FanoutException"><c>bad_message</c>: the value has no form on the wire.</exception>
    public static FanoutPayload ToPayload<T>(this IFanoutSerializer<T> serializer, T value, FanoutFormat format)
    {
        // What is raw keeps its own form until it is sent, so that it is not converted and checked twice.
        if (value is FanoutPayload raw)
            return raw;
        var output = new ArrayBufferWriter<byte>();
        try
        {
            serializer.Write(value, format, output);
        }
        catch (Exception e) when (e is not FanoutException)
        {
            throw new FanoutException(FanoutErrorCodes.BadMessage, $"The payload cannot be written: {e.Message}", e);
        }

        return FanoutPayload.Trusted(format, output.WrittenMemory);
    }
}
