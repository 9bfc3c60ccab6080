using System.Buffers;
using System.Buffers.Text;
using System.Diagnostics;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Fanout.Shared.Envelopes;
using Fanout.Shared.MessagePack;
using Fanout.Shared.Protocol;

namespace Fanout.Shared.Codecs;

/// <summary>
/// Writes one envelope in either format, so that each message of the protocol is described once. A JSON object and a MessagePack map
/// differ in that the map announces its size: it is patched in when the map ends, which limits a map to 15 fields.
/// </summary>
public ref struct EnvelopeWriter
{
    private const byte FixMap = 0x80;

    // ASCII that JSON takes unescaped (RFC 8259, section 7).
    private static readonly SearchValues<char> Plain = SearchValues.Create(
        " !#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[]^_`abcdefghijklmnopqrstuvwxyz{|}~");

    private readonly EnvelopeBuffer _buffer;
    private readonly WireFormat _format;
    private int _mapStart;
    private int _fields;
    private bool _needsComma;

    public EnvelopeWriter(WireFormat format, EnvelopeBuffer buffer)
    {
        _format = format;
        _buffer = buffer;
    }

    /// <summary>What a nested map puts aside until it ends.</summary>
    public readonly struct Scope(int mapStart, int fields)
    {
        internal readonly int MapStart = mapStart;
        internal readonly int Fields = fields;
    }

    /// <summary>Begins a map; the returned scope goes to <see cref="EndMap"/>.</summary>
    public Scope BeginMap()
    {
        var outer = new Scope(_mapStart, _fields);
        if (_format == WireFormat.Json)
        {
            Separate();
            _buffer.Append((byte)'{');
            _needsComma = false;
        }
        else
        {
            _mapStart = _buffer.WrittenCount;
            _fields = 0;
            _buffer.Append(FixMap);
        }

        return outer;
    }

    public void EndMap(Scope outer)
    {
        if (_format == WireFormat.Json)
        {
            _buffer.Append((byte)'}');
            _needsComma = true;
            return;
        }

        Debug.Assert(_fields <= 15, "An envelope map with more than 15 fields needs a wider header.");
        _buffer[_mapStart] = (byte)(FixMap | _fields);
        _mapStart = outer.MapStart;
        _fields = outer.Fields;
    }

    public void BeginArray(int count)
    {
        if (_format == WireFormat.Json)
        {
            Separate();
            _buffer.Append((byte)'[');
            _needsComma = false;
        }
        else
        {
            new MessagePackWriter(_buffer).WriteArrayHeader(count);
        }
    }

    public void EndArray()
    {
        if (_format != WireFormat.Json)
            return;
        _buffer.Append((byte)']');
        _needsComma = true;
    }

    /// <summary>A field's name; plain ASCII that needs no escape.</summary>
    public void Name(ReadOnlySpan<byte> name)
    {
        if (_format == WireFormat.Json)
        {
            Separate();
            _buffer.Append((byte)'"');
            _buffer.Append(name);
            _buffer.Append("\":"u8);
            _needsComma = false;
        }
        else
        {
            _fields++;
            new MessagePackWriter(_buffer).WriteString(name);
        }
    }

    public void Field(ReadOnlySpan<byte> name, string value)
    {
        Name(name);
        Value(value);
    }

    /// <summary>Writes the field only where there is a value: a field that does not apply is absent.</summary>
    public void FieldIfAny(ReadOnlySpan<byte> name, string? value)
    {
        if (value is not null)
            Field(name, value);
    }

    public void Field(ReadOnlySpan<byte> name, long value)
    {
        Name(name);
        Value(value);
    }

    public void FieldIfAny(ReadOnlySpan<byte> name, long? value)
    {
        if (value is { } number)
            Field(name, number);
    }

    public void Field(ReadOnlySpan<byte> name, bool value)
    {
        Name(name);
        if (_format == WireFormat.Json)
        {
            _buffer.Append(value ? "true"u8 : "false"u8);
            _needsComma = true;
        }
        else
        {
            new MessagePackWriter(_buffer).WriteBoolean(value);
        }
    }

    public void Value(string value)
    {
        if (_format == WireFormat.MessagePack)
        {
            new MessagePackWriter(_buffer).WriteString(value);
            return;
        }

        Separate();
        _buffer.Append((byte)'"');
        // Most values are identifiers and room names, which are copied as they are; the encoder would allocate three times for each.
        if (value.AsSpan().IndexOfAnyExcept(Plain) < 0)
            _buffer.Advance(Encoding.ASCII.GetBytes(value, _buffer.GetSpan(value.Length)));
        else
            _buffer.Append(JsonEncodedText.Encode(value, JavaScriptEncoder.UnsafeRelaxedJsonEscaping).EncodedUtf8Bytes);
        _buffer.Append((byte)'"');
        _needsComma = true;
    }

    public void Value(long value)
    {
        if (_format == WireFormat.MessagePack)
        {
            new MessagePackWriter(_buffer).WriteInt64(value);
            return;
        }

        Separate();
        Utf8Formatter.TryFormat(value, _buffer.GetSpan(20), out var written);
        _buffer.Advance(written);
        _needsComma = true;
    }

    /// <summary>A value that somebody sent: as it came where the format is the same, else converted.</summary>
    public void Value(in Payload payload)
    {
        if (payload.Format == _format)
        {
            if (_format == WireFormat.Json)
                Separate();
            _buffer.Append(payload.Bytes.Span);
        }
        else
        {
            if (_format == WireFormat.Json)
                Separate();
            // The publish refused what cannot be converted, so a failure here is a bug, not somebody's bad input.
            var converted = payload.Format == WireFormat.Json
                ? PayloadTranscoder.TryJsonToMessagePack(payload.Bytes.Span, _buffer, out var problem)
                : PayloadTranscoder.TryMessagePackToJson(payload.Bytes.Span, _buffer, out problem);
            if (!converted)
                throw new InvalidOperationException($"A stored payload could not be converted: {problem}");
        }

        _needsComma = true;
    }

    private readonly void Separate()
    {
        if (_needsComma)
            _buffer.Append((byte)',');
    }
}
