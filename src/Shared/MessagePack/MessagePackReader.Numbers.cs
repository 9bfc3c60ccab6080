namespace Fanout.Shared.MessagePack;

public ref partial struct MessagePackReader
{
    /// <summary>Reads an integer of any format whose value a long can hold; false for a larger one, and for floats.</summary>
    public bool TryReadInt64(out long value)
    {
        if (TryPeekInteger(out var bits, out var negative, out var length) && (negative || bits <= long.MaxValue))
        {
            value = unchecked((long)bits);
            _position += length;
            return true;
        }

        value = 0;
        return false;
    }

    /// <summary>Reads an integer of any format that is not negative; false for a negative one, and for floats.</summary>
    public bool TryReadUInt64(out ulong value)
    {
        if (TryPeekInteger(out var bits, out var negative, out var length) && !negative)
        {
            value = bits;
            _position += length;
            return true;
        }

        value = 0;
        return false;
    }

    /// <summary>Reads a float 64, or a float 32, which a double holds exactly. False for integers: they may not fit.</summary>
    /// <remarks>NaN and infinities are handed out as they are.</remarks>
    public bool TryReadDouble(out double value)
    {
        if (TryTake(MessagePackType.Float64, out _, out var bytes))
        {
            value = MessagePackNumber.Double(bytes);
            return true;
        }

        var found = TryReadSingle(out var single);
        value = single;
        return found;
    }

    /// <summary>Reads a float 32; false for a float 64, which would lose digits.</summary>
    /// <remarks>NaN and infinities are handed out as they are.</remarks>
    public bool TryReadSingle(out float value)
    {
        var found = TryTake(MessagePackType.Float32, out _, out var bytes);
        value = found ? MessagePackNumber.Single(bytes) : 0;
        return found;
    }

    private readonly bool TryPeekInteger(out ulong bits, out bool negative, out int length)
    {
        var rest = Rest;
        if (!MessagePackToken.TryDecode(rest, out var token) || token.Type != MessagePackType.Integer)
        {
            (bits, negative, length) = (0, false, 0);
            return false;
        }

        bits = MessagePackNumber.Integer(rest, out negative);
        length = token.Length;
        return true;
    }
}
