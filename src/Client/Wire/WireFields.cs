using System.Text;
using System.Text.Json;
using Fanout.Shared.MessagePack;
using Fanout.Shared.Protocol;

namespace Fanout.Client.Wire;

/// <summary>Goes over the fields of a JSON object or a MessagePack map.</summary>
internal ref struct WireFields
{
    private readonly WireValue _map;
    private Utf8JsonReader _json;
    private MessagePackReader _pack;
    private int _left;

    public WireFields(WireValue map)
    {
        _map = map;
        if (map.Format == WireFormat.Json)
        {
            _json = new Utf8JsonReader(map.Bytes.Span, WireValue.Json);
            if (!_json.Read() || _json.TokenType != JsonTokenType.StartObject)
                throw WireValue.Unexpected("an object");
        }
        else
        {
            _pack = new MessagePackReader(map.Bytes.Span);
            if (!_pack.TryReadMapHeader(out _left))
                throw WireValue.Unexpected("a map");
        }
    }

    public ReadOnlySpan<byte> Name { get; private set; }

    public WireValue Value { get; private set; }

    /// <exception cref="FormatException">The map is cut short, or a key is no string.</exception>
    /// <exception cref="JsonException">As above, in JSON.</exception>
    public bool MoveNext() => _map.Format == WireFormat.Json ? MoveNextJson() : MoveNextPack();

    private bool MoveNextJson()
    {
        if (!_json.Read() || _json.TokenType == JsonTokenType.EndObject)
            return false;
        Name = _json.ValueIsEscaped ? Encoding.UTF8.GetBytes(_json.GetString()!) : _json.ValueSpan;
        _json.Read();
        var start = (int)_json.TokenStartIndex;
        _json.Skip();
        Value = _map with { Bytes = _map.Bytes[start..(int)_json.BytesConsumed] };
        return true;
    }

    private bool MoveNextPack()
    {
        if (_left-- <= 0)
            return false;
        if (!_pack.TryReadString(out var name))
            throw WireValue.Unexpected("a name");
        Name = name;
        var start = _pack.Position;
        if (!_pack.TrySkip())
            throw WireValue.Unexpected("whole");
        Value = _map with { Bytes = _map.Bytes[start.._pack.Position] };
        return true;
    }
}
