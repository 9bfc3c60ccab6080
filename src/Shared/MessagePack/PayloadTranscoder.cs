using System.Buffers;

namespace Fanout.Shared.MessagePack;

/// <summary>
/// Turns a payload from one of Fanout's two forms into the other. Both directions allocate nothing in the steady state, and write
/// to the output only when the whole value is good: after an answer of false the output is as it was.
/// </summary>
/// <remarks>
/// <para>
/// JSON to MessagePack: a number written without fraction and exponent becomes an integer if int64 or uint64 can hold it, every other
/// number a float64 (so do 1.0, 1e3 and -0, which keeps its sign); one beyond the range of float64 is refused. So are strings that
/// have no UTF-8 form: invalid bytes, or the escape of a surrogate without its partner.
/// </para>
/// <para>
/// MessagePack to JSON: floats take the shortest form that reads back as the same number, float32 as a float32; binary becomes a
/// base64 string (standard alphabet, padded); strings are escaped only where RFC 8259 demands. What
/// <see cref="MessagePackValidator"/> refuses is refused.
/// </para>
/// <para>
/// Order of keys and duplicate keys are kept. A float64 that holds a whole number may come out as "1" and so go back as an integer:
/// JSON has one kind of number, and the value is the same.
/// </para>
/// <para>Static and without state: safe from every thread.</para>
/// </remarks>
public static class PayloadTranscoder
{
    /// <summary>How many maps and arrays, objects and arrays, may be open at once, in both forms: System.Text.Json's default.</summary>
    public const int MaxDepth = 64;

    /// <summary>
    /// The largest input. Far above any message limit; it is here so that the output (at most six times as long) always fits an array
    /// and a caller who forgot a limit gets an answer instead of an exception.
    /// </summary>
    public const int MaxInputBytes = 64 * 1024 * 1024;

    /// <summary>Writes one JSON value, with nothing but white space around it, as MessagePack.</summary>
    /// <param name="json">The JSON text as UTF-8.</param>
    /// <param name="output">Where to append; untouched when the answer is false.</param>
    /// <param name="problem">When the answer is false, what is wrong and where, in a short sentence without payload content.</param>
    /// <returns>True when the value was written.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="output"/> is null. Bad JSON never throws.</exception>
    public static bool TryJsonToMessagePack(ReadOnlySpan<byte> json, IBufferWriter<byte> output, out string? problem)
    {
        ArgumentNullException.ThrowIfNull(output);
        if (IsTooLong(json, out problem))
            return false;

        using var converter = new JsonToMessagePack(json.Length);
        if (!converter.TryRead(json, out problem))
            return false;
        converter.CopyTo(output);
        return true;
    }

    /// <summary>Writes one MessagePack value, with nothing behind it, as JSON without white space.</summary>
    /// <param name="messagePack">The value.</param>
    /// <param name="output">Where to append; untouched when the answer is false.</param>
    /// <param name="problem">When the answer is false, what is wrong and where, in a short sentence without payload content.</param>
    /// <returns>True when the value was written.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="output"/> is null. Bad MessagePack never throws.</exception>
    public static bool TryMessagePackToJson(ReadOnlySpan<byte> messagePack, IBufferWriter<byte> output, out string? problem)
    {
        ArgumentNullException.ThrowIfNull(output);
        if (IsTooLong(messagePack, out problem) || !MessagePackValidator.TryValidate(messagePack, MaxDepth, out var consumed, out problem))
            return false;
        if (consumed < messagePack.Length)
        {
            problem = $"the value ends at byte {consumed} and more bytes follow";
            return false;
        }

        MessagePackToJson.Write(messagePack, output);
        return true;
    }

    private static bool IsTooLong(ReadOnlySpan<byte> input, out string? problem)
    {
        problem = input.Length > MaxInputBytes ? $"the value is longer than {MaxInputBytes} bytes" : null;
        return problem is not null;
    }
}
