using Fanout.Shared.Protocol;

namespace Fanout.Shared.Envelopes;

/// <summary>A value of any shape in the form in which its publisher sent it. The bytes are never changed after they are checked.</summary>
/// <param name="Format">The form of <paramref name="Bytes"/>.</param>
/// <param name="Bytes">Exactly one JSON value, or one MessagePack value.</param>
public readonly record struct Payload(WireFormat Format, ReadOnlyMemory<byte> Bytes)
{
    /// <summary>No payload at all, which is not the same as the value null.</summary>
    public bool IsAbsent => Bytes.IsEmpty;
}
