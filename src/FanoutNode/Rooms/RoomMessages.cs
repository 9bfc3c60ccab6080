using Fanout.Node.Backplane;
using Fanout.Node.Diagnostics;
using Fanout.Node.Lanes;

namespace Fanout.Node.Rooms;

/// <summary>Makes a room's messages from what the backplane holds.</summary>
internal static class RoomMessages
{
    /// <summary><see langword="false"/> for bytes that this version cannot read.</summary>
    /// <param name="epoch">Null in a room without history, like <paramref name="offset"/>.</param>
    /// <param name="data">Kept by the message: must not change.</param>
    public static bool TryRead(IRoomMembers room, string? epoch, long? offset, ReadOnlyMemory<byte> data, out RoomMessage message)
    {
        if (!MessageCodec.TryDecode(data, out var stored))
        {
            message = null!;
            return false;
        }

        message = new RoomMessage
        {
            Room = room,
            Id = stored.Id,
            Epoch = epoch,
            Offset = offset,
            Timestamp = stored.Timestamp,
            From = stored.From,
            ExcludedClientId = stored.ExcludedClientId,
            Payload = stored.Payload,
            Trace = stored.Trace is { } trace && TraceSampling.IsOn ? new DeliveryTrace(trace.Context) : null,
        };
        return true;
    }
}
