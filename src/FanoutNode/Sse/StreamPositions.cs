using System.Buffers;
using System.Buffers.Text;
using System.Text;
using Fanout.Node.Rooms;

namespace Fanout.Node.Sse;

/// <summary>Where a stream is in all of its rooms that have positions: what stands in the <c>id</c> of its events. Owned by the lane.</summary>
internal sealed class StreamPositions
{
    // 32 hex digits; an epoch that a client names may be longer.
    private const int UsualEpochLength = 32;

    // Of RoomPosition.MaxOffset.
    private const int MostDigits = 16;

    private readonly List<Place> _places = [];
    private int _latest;

    /// <summary>Begins with what the client has: a stream that is cut before its rooms are joined must not lose the way.</summary>
    public StreamPositions(IEnumerable<RequestedRoom> rooms)
    {
        foreach (var room in rooms)
        {
            if (room is { IsWellFormed: true, Since: { } since } && LastEventId.IsEpoch(since.Epoch))
                Set(Encoding.ASCII.GetBytes(room.Name), Encoding.ASCII.GetBytes(since.Epoch), since.Offset);
        }
    }

    public bool IsEmpty => _places.Count == 0;

    /// <summary>How long the id may become, in bytes, with positions in all of these rooms.</summary>
    public static int LongestId(IEnumerable<RequestedRoom> rooms) =>
        rooms.Sum(room => room.Name.Length + Math.Max(UsualEpochLength, room.Since?.Epoch.Length ?? 0) + MostDigits + ";;,".Length);

    /// <summary>The stream is here in this room from now on.</summary>
    public void Set(ReadOnlySpan<byte> room, ReadOnlySpan<byte> epoch, long offset)
    {
        if (Find(room) is not { } place)
            _places.Add(place = new Place(room.ToArray()));
        if (!epoch.SequenceEqual(place.Epoch))
            place.Epoch = epoch.ToArray();
        place.Offset = offset;
    }

    /// <summary>The stream has got that far in the epoch that it is in.</summary>
    /// <returns><see langword="false"/> if it has no position in that room.</returns>
    public bool Move(ReadOnlySpan<byte> room, long offset)
    {
        if (Find(room) is not { } place)
            return false;
        place.Offset = offset;
        return true;
    }

    /// <returns><see langword="false"/> if there was nothing to forget.</returns>
    public bool Remove(ReadOnlySpan<byte> room) => Find(room) is { } place && _places.Remove(place);

    /// <summary>Writes <c>a;&lt;epoch&gt;;&lt;offset&gt;,b;…</c>, and returns its length.</summary>
    public int WriteTo(IBufferWriter<byte> output)
    {
        var total = 0;
        for (var i = 0; i < _places.Count; i++)
        {
            var place = _places[i];
            var length = place.Room.Length + place.Epoch.Length + MostDigits + 4;
            var span = output.GetSpan(length);
            var at = 0;
            if (i > 0)
                span[at++] = (byte)',';
            place.Room.CopyTo(span[at..]);
            at += place.Room.Length;
            span[at++] = (byte)';';
            place.Epoch.CopyTo(span[at..]);
            at += place.Epoch.Length;
            span[at++] = (byte)';';
            Utf8Formatter.TryFormat(place.Offset, span[at..], out var written);
            output.Advance(at + written);
            total += at + written;
        }

        return total;
    }

    // Streams are in few rooms, and messages of one room come in a row: a look at the latest one and then at all of them is quicker than
    // a hash, and needs no string.
    private Place? Find(ReadOnlySpan<byte> room)
    {
        if (_latest < _places.Count && room.SequenceEqual(_places[_latest].Room))
            return _places[_latest];
        for (var i = 0; i < _places.Count; i++)
        {
            if (room.SequenceEqual(_places[i].Room))
            {
                _latest = i;
                return _places[i];
            }
        }

        return null;
    }

    private sealed class Place(byte[] room)
    {
        public readonly byte[] Room = room;
        public byte[] Epoch = [];
        public long Offset;
    }
}
