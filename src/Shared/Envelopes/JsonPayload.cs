using System.Text.Json;
using Fanout.Shared.Protocol;

namespace Fanout.Shared.Envelopes;

/// <summary>
/// What a JSON payload must satisfy beyond being JSON: everything in it can be carried to a MessagePack client too, so that no
/// conversion fails after the publish was acknowledged.
/// </summary>
public static class JsonPayload
{
    // A JSON number of up to this many digits without an exponent cannot overflow a float64 (its largest value has 309).
    private const int SafeNumberLength = 300;

    /// <summary>Checks that the bytes are exactly one JSON value (white space around it is allowed) that MessagePack can carry.</summary>
    /// <param name="utf8">The bytes.</param>
    /// <param name="value">The value without the white space around it.</param>
    /// <param name="problem">What is wrong, in words for the sender.</param>
    public static bool TryCheck(ReadOnlyMemory<byte> utf8, out ReadOnlyMemory<byte> value, out string? problem)
    {
        value = default;
        try
        {
            // One level less than the envelope's limit, since the payload stands one level down in it.
            var reader = new Utf8JsonReader(utf8.Span, new JsonReaderOptions { MaxDepth = ProtocolLimits.MaxDepth - 1 });
            if (!System.Text.Unicode.Utf8.IsValid(utf8.Span))
            {
                problem = "the body is not valid UTF-8";
                return false;
            }

            reader.Read();
            var start = (int)reader.TokenStartIndex;
            problem = SkipChecked(ref reader);
            value = utf8[start..(int)reader.BytesConsumed];
            while (reader.Read())
            {
            }

            return problem is null;
        }
        catch (JsonException e)
        {
            problem = $"not valid JSON: {JsonClientMessageReader.Describe(e)}";
            return false;
        }
    }

    /// <summary>Moves the reader over the value it stands on; returns what is wrong with it, if anything.</summary>
    internal static string? SkipChecked(ref Utf8JsonReader reader)
    {
        string? problem = null;
        var depth = reader.CurrentDepth;
        do
        {
            switch (reader.TokenType)
            {
                case JsonTokenType.Number when reader.ValueSpan.Length > SafeNumberLength || reader.ValueSpan.IndexOfAny((byte)'e', (byte)'E') >= 0:
                    if (!reader.TryGetDouble(out var number) || !double.IsFinite(number))
                        problem ??= "a number is too large for a 64-bit float";
                    break;

                case JsonTokenType.String or JsonTokenType.PropertyName when reader.ValueIsEscaped:
                    if (!TryGetText(ref reader, out _))
                        problem ??= "a string has an unpaired surrogate, which is not valid Unicode";
                    break;
            }
        }
        while ((reader.CurrentDepth > depth || reader.TokenType is JsonTokenType.StartArray or JsonTokenType.StartObject) && reader.Read());

        return problem;
    }

    internal static bool TryGetText(ref Utf8JsonReader reader, out string text)
    {
        try
        {
            text = reader.GetString()!;
            return true;
        }
        catch (InvalidOperationException)
        {
            // The reader's way to say that an escape such as \ud800 stands alone.
            text = "";
            return false;
        }
    }
}
