using System.Buffers.Binary;
using System.Text;

namespace Fanout.Node.Backplane;

/// <summary>What a room's channel carries; told by its first byte.</summary>
internal enum ChannelFrameKind
{
    /// <summary>Not known to this version.</summary>
    Unknown,

    /// <summary>A message of a room without history.</summary>
    Message,

    /// <summary>A message with its place: epoch and offset stand before it.</summary>
    Sequenced,

    /// <summary>The room began a new epoch.</summary>
    NewEpoch,

    /// <summary>Somebody entered a presence room.</summary>
    PresenceJoin,

    /// <summary>Somebody left a presence room.</summary>
    PresenceLeave,
}

/// <summary>Reads and writes frames of a room's channel.</summary>
/// <remarks>
/// 1…: a message by <see cref="MessageCodec"/>, whose first byte is its version. 2: epoch (32 hex digits), offset (8 bytes, big endian), message.
/// 3: the new epoch. 4 and 5: a presence notice, as JSON. The scripts under Backplane/Redis/Scripts write 2 to 5 by themselves.
/// </remarks>
internal readonly ref struct ChannelFrame
{
    public const int EpochLength = 32;
    private const byte SequencedMark = 2;
    private const byte NewEpochMark = 3;
    private const byte PresenceJoinMark = 4;
    private const byte PresenceLeaveMark = 5;
    private const int SequencedHeader = 1 + EpochLength + 8;

    public ChannelFrameKind Kind { get; private init; }

    /// <summary>ASCII.</summary>
    public ReadOnlySpan<byte> Epoch { get; private init; }

    public long Offset { get; private init; }

    /// <summary>The encoded message, or the notice.</summary>
    public ReadOnlySpan<byte> Data { get; private init; }

    public static ChannelFrame Read(ReadOnlySpan<byte> bytes) => bytes switch
    {
        [MessageCodec.Version, ..] => new ChannelFrame { Kind = ChannelFrameKind.Message, Data = bytes },
        [SequencedMark, ..] when bytes.Length > SequencedHeader => new ChannelFrame
        {
            Kind = ChannelFrameKind.Sequenced,
            Epoch = bytes.Slice(1, EpochLength),
            Offset = BinaryPrimitives.ReadInt64BigEndian(bytes[(1 + EpochLength)..]),
            Data = bytes[SequencedHeader..],
        },
        [NewEpochMark, ..] when bytes.Length == 1 + EpochLength => new ChannelFrame { Kind = ChannelFrameKind.NewEpoch, Epoch = bytes[1..] },
        [PresenceJoinMark, ..] => new ChannelFrame { Kind = ChannelFrameKind.PresenceJoin, Data = bytes[1..] },
        [PresenceLeaveMark, ..] => new ChannelFrame { Kind = ChannelFrameKind.PresenceLeave, Data = bytes[1..] },
        _ => default,
    };

    public static byte[] WritePresence(bool isJoin, ReadOnlySpan<byte> notice) => [isJoin ? PresenceJoinMark : PresenceLeaveMark, .. notice];

    public static byte[] WriteSequenced(string epoch, long offset, ReadOnlySpan<byte> data)
    {
        var bytes = new byte[SequencedHeader + data.Length];
        bytes[0] = SequencedMark;
        Encoding.ASCII.GetBytes(epoch, bytes.AsSpan(1));
        BinaryPrimitives.WriteInt64BigEndian(bytes.AsSpan(1 + EpochLength), offset);
        data.CopyTo(bytes.AsSpan(SequencedHeader));
        return bytes;
    }

    public static byte[] WriteNewEpoch(string epoch) => [NewEpochMark, .. Encoding.ASCII.GetBytes(epoch)];
}
