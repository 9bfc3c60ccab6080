using Fanout.Shared.Protocol;

namespace Fanout.Node.Lanes;

/// <summary>
/// The frames of some messages of a room as one block, in each form that a receiver turns out to take: joined when the first one needs it.
/// </summary>
internal ref struct BlockFrames
{
    private readonly ReadOnlySpan<RoomMessage> _messages;
    private readonly int _largestDeflated;
    private byte[]? _json;
    private byte[]? _messagePack;
    private byte[]? _deflatedJson;
    private byte[]? _deflatedMessagePack;

    public BlockFrames(ReadOnlySpan<RoomMessage> messages)
    {
        _messages = messages;
        foreach (var message in messages)
            _largestDeflated = Math.Max(_largestDeflated, message.LargestDeflated);
    }

    /// <summary>The block that suits a client.</summary>
    public ReadOnlyMemory<byte> For(ILaneClient client)
    {
        var format = client.Format;
        if (_largestDeflated > 0 && client.LargestDeflated >= _largestDeflated)
            return format == WireFormat.Json ? _deflatedJson ??= Join(format, deflated: true) : _deflatedMessagePack ??= Join(format, deflated: true);
        return format == WireFormat.Json ? _json ??= Join(format, deflated: false) : _messagePack ??= Join(format, deflated: false);
    }

    private readonly byte[] Join(WireFormat format, bool deflated)
    {
        if (_messages.Length == 1)
            return Frame(_messages[0], format, deflated);
        var length = 0;
        foreach (var message in _messages)
            length += Frame(message, format, deflated).Length;
        var block = GC.AllocateUninitializedArray<byte>(length);
        var at = 0;
        foreach (var message in _messages)
        {
            var frame = Frame(message, format, deflated);
            frame.CopyTo(block, at);
            at += frame.Length;
        }

        return block;
    }

    private readonly byte[] Frame(RoomMessage message, WireFormat format, bool deflated) =>
        deflated ? message.DeflatedFrame(format, _largestDeflated) : message.Frame(format);
}
