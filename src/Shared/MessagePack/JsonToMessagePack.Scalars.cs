using System.Buffers.Text;
using System.Globalization;
using System.Text.Json;
using System.Text.Unicode;

namespace Fanout.Shared.MessagePack;

internal ref partial struct JsonToMessagePack
{
    private const NumberStyles JsonNumber =
        NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent;

    private void WriteScalar(ref Utf8JsonReader reader)
    {
        switch (reader.TokenType)
        {
            case JsonTokenType.PropertyName or JsonTokenType.String when reader.ValueIsEscaped:
                WriteEscapedString(ref reader);
                break;
            case JsonTokenType.PropertyName or JsonTokenType.String:
                WritePlainString(ref reader);
                break;
            case JsonTokenType.Number:
                WriteNumber(ref reader);
                break;
            case JsonTokenType.True or JsonTokenType.False:
                _body.Advance(MessagePackEncoder.Boolean(_body.Reserve(1), reader.TokenType is JsonTokenType.True));
                break;
            default:
                _body.Advance(MessagePackEncoder.Nil(_body.Reserve(1)));
                break;
        }
    }

    private void WritePlainString(ref Utf8JsonReader reader)
    {
        var utf8 = reader.ValueSpan;
        var room = _body.Reserve(MessagePackEncoder.MaxHeaderLength + utf8.Length);
        var header = MessagePackEncoder.StringHeader(room, (uint)utf8.Length);
        utf8.CopyTo(room[header..]);
        KeepString(ref reader, room.Slice(header, utf8.Length), header);
    }

    private void WriteEscapedString(ref Utf8JsonReader reader)
    {
        // The header's length depends on the text's, so the text is resolved behind the longest header and moved up once.
        var room = _body.Reserve(MessagePackEncoder.MaxHeaderLength + reader.ValueSpan.Length);
        var text = room[MessagePackEncoder.MaxHeaderLength..];
        if (!JsonStringUnescaper.TryUnescape(reader.ValueSpan, text, out var length))
        {
            _problem = $"the string at byte {reader.TokenStartIndex} has a surrogate without its partner";
            return;
        }

        var header = MessagePackEncoder.StringHeader(room, (uint)length);
        text[..length].CopyTo(room[header..]);
        KeepString(ref reader, room.Slice(header, length), header);
    }

    private void KeepString(ref Utf8JsonReader reader, ReadOnlySpan<byte> text, int header)
    {
        // Utf8JsonReader checks a string's grammar, not its UTF-8.
        if (Utf8.IsValid(text))
            _body.Advance(header + text.Length);
        else
            _problem = $"the string at byte {reader.TokenStartIndex} is not valid UTF-8";
    }

    /// <summary>
    /// An integer only when written as one: "1.0" and "1e3" stay floats, since that is how the writer wrote them and a typed client
    /// may tell the two apart. "-0" is a float too, because an integer would lose its sign.
    /// </summary>
    private void WriteNumber(ref Utf8JsonReader reader)
    {
        var text = reader.ValueSpan;
        var room = _body.Reserve(MessagePackEncoder.MaxScalarLength);
        if (Utf8Parser.TryParse(text, out long signed, out var used) && used == text.Length && !(signed == 0 && text.Length > 1))
            _body.Advance(MessagePackEncoder.Int64(room, signed));
        else if (Utf8Parser.TryParse(text, out ulong unsigned, out used) && used == text.Length && text[0] != '-')
            _body.Advance(MessagePackEncoder.UInt64(room, unsigned));
        else if (double.TryParse(text, JsonNumber, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number))
            _body.Advance(MessagePackEncoder.Double(room, number));
        else
            _problem = $"the number at byte {reader.TokenStartIndex} is beyond the range of a float64";
    }
}
