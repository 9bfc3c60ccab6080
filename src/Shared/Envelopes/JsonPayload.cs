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
            problem = Describe(e);
            return false;
        }
    }

    /// <summary>
    /// Takes the value on which a reader stands, as one of several in a document: moves the reader to its end, and checks it as
    /// <see cref="TryCheck"/> does. What is no JSON throws, as the reader does, since then nothing is known of what follows.
    /// </summary>
    /// <param name="reader">Over <paramref name="document"/> from its beginning; may nest deeper than a payload.</param>
    /// <param name="document">The bytes that the reader reads.</param>
    /// <param name="value">The value.</param>
    /// <param name="problem">What is wrong, in words for the sender.</param>
    /// <exception cref="JsonException">The document is no JSON.</exception>
    public static bool TryTake(ref Utf8JsonReader reader, ReadOnlyMemory<byte> document, out ReadOnlyMemory<byte> value, out string? problem)
    {
        var start = (int)reader.TokenStartIndex;
        problem = SkipChecked(ref reader, ProtocolLimits.MaxDepth - 1);
        value = document[start..(int)reader.BytesConsumed];
        if (!System.Text.Unicode.Utf8.IsValid(value.Span))
            problem = "it is not valid UTF-8";
        return problem is null;
    }

    /// <summary>What is wrong with a document that could not be read, in words for its sender.</summary>
    public static string Describe(JsonException e) => $"not valid JSON: {JsonClientMessageReader.Describe(e)}";

    /// <summary>Reads a string or a property's name; <see langword="false"/> where it is not valid Unicode.</summary>
    public static bool TryReadText(ref Utf8JsonReader reader, out string text) => TryGetText(ref reader, out text);

    /// <summary>Moves the reader over the value it stands on; returns what is wrong with it, if anything.</summary>
    /// <param name="reader">On the value's first token.</param>
    /// <param name="maxLevels">Levels that the value may nest, where the reader allows more.</param>
    internal static string? SkipChecked(ref Utf8JsonReader reader, int maxLevels = int.MaxValue)
    {
        string? problem = null;
        var depth = reader.CurrentDepth;
        do
        {
            switch (reader.TokenType)
            {
                case JsonTokenType.StartArray or JsonTokenType.StartObject when reader.CurrentDepth - depth >= maxLevels:
                    problem ??= $"it is nested more than {maxLevels} levels deep";
                    break;

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
