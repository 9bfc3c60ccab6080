using Fanout.Node.Connections.Framing;

namespace Fanout.Node.Connections;

/// <summary>
/// The newest ping of a client that pings over its rate, until there is a token for its pong. Those before it need no answer (RFC 6455,
/// section 5.5.3), but it does.
/// </summary>
/// <remarks>Made at a client's first such ping, and kept: a flood is copied into one place. Thread-safe.</remarks>
internal sealed class LatePong
{
    // RFC 6455, section 5.5.
    private const int MaxControlPayload = 125;

    private readonly byte[] _payload = new byte[MaxControlPayload];
    private readonly Lock _gate = new();
    private int _length = -1;

    /// <summary>Puts a ping in the place of the one that waits.</summary>
    /// <returns>Whether none waited.</returns>
    public bool Put(ReadOnlySpan<byte> payload)
    {
        lock (_gate)
        {
            var wasEmpty = _length < 0;
            payload.CopyTo(_payload);
            _length = payload.Length;
            return wasEmpty;
        }
    }

    /// <summary>The frame that answers it; null where none waits (any more).</summary>
    public byte[]? Take()
    {
        lock (_gate)
        {
            var frame = _length < 0 ? null : ServerFrames.Pong(_payload.AsSpan(0, _length));
            _length = -1;
            return frame;
        }
    }

    /// <summary>A newer ping is being answered.</summary>
    public void Forget()
    {
        lock (_gate)
            _length = -1;
    }
}
