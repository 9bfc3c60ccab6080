using System.Text.Json;
using Fanout.Shared.MessagePack;
using Fanout.Shared.Protocol;

namespace Fanout.Client.Wire;

/// <summary>Goes over the items of an array.</summary>
internal ref struct WireItems
{
    private readonly WireValue _array;
    private Utf8JsonReader _json;
    private MessagePackReader _pack;
    private int _left;

    public WireItems(WireValue array)
    {
        _array = array;
        if (array.Format == WireFormat.Json)
        {
            _json = new Utf8JsonReader(array.Bytes.Span, WireValue.Json);
            if (!_json.Read() || _json.TokenType != JsonTokenType.StartArray)
                throw WireValue.Unexpected("an array");
        }
        else
        {
            _pack = new MessagePackReader(array.Bytes.Span);
            if (!_pack.TryReadArrayHeader(out _left))
                throw WireValue.Unexpected("an array");
        }
    }

    public WireValue Value { get; private set; }

    /// <exception cref="FormatException">The array is cut short.</exception>
    /// <exception cref="JsonException">As above, in JSON.</exception>
    public bool MoveNext()
    {
        int start, end;
        if (_array.Format == WireFormat.Json)
        {
            if (!_json.Read() || _json.TokenType == JsonTokenType.EndArray)
                return false;
            start = (int)_json.TokenStartIndex;
            _json.Skip();
            end = (int)_json.BytesConsumed;
        }
        else
        {
            if (_left-- <= 0)
                return false;
            start = _pack.Position;
            if (!_pack.TrySkip())
                throw WireValue.Unexpected("whole");
            end = _pack.Position;
        }

        Value = _array with { Bytes = _array.Bytes[start..end] };
        return true;
    }
}
