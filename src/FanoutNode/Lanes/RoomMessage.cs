using Fanout.Node.Connections.Framing;
using Fanout.Node.Lanes.Preparation;
using Fanout.Shared.Envelopes;
using Fanout.Shared.Protocol;

namespace Fanout.Node.Lanes;

/// <summary>
/// One message of a room on this node: decoded once from the backplane, encoded and compressed at most once for each subprotocol, shared by all
/// members.
/// </summary>
/// <remarks>Immutable but for the encoded frames, which whichever lane needs them first makes.</remarks>
internal sealed class RoomMessage : ILaneWork
{
    private readonly Lock _encoding = new();
    private byte[]? _jsonFrame;
    private byte[]? _messagePackFrame;
    private byte[]? _deflatedJsonFrame;
    private byte[]? _deflatedMessagePackFrame;

    public required IRoomMembers Room { get; init; }

    public required string Id { get; init; }

    /// <summary>The life of the room that <see cref="Offset"/> counts in; null where the room keeps no history.</summary>
    public string? Epoch { get; init; }

    /// <summary>Place in the room; null where the room keeps no history.</summary>
    public long? Offset { get; init; }

    /// <summary>Unix milliseconds, in the clock of the node that took the publish.</summary>
    public required long Timestamp { get; init; }

    public Sender? From { get; init; }

    /// <summary>The connection that must not get this message, if any.</summary>
    public string? ExcludedClientId { get; init; }

    public required Payload Payload { get; init; }

    /// <summary>Follows it through the lanes; null unless it is sampled, and somebody takes spans here.</summary>
    public DeliveryTrace? Trace { get; init; }

    /// <summary>About how many bytes a frame of it takes; exact enough to bound a batch.</summary>
    public int Size => Payload.Bytes.Length + 256;

    public void Run(Lane lane) => lane.Gather(this);

    /// <summary>Bytes of the longest form of it, before compression, that is there compressed too; 0: none is.</summary>
    public int LargestDeflated { get; private set; }

    /// <summary>The frame that suits a client.</summary>
    public byte[] FrameFor(ILaneClient client) =>
        LargestDeflated > 0 && client.LargestDeflated >= LargestDeflated ? DeflatedFrame(client.Format, client.LargestDeflated) : Frame(client.Format);

    /// <summary>
    /// The compressed frame; the plain one where there is none, because it was not asked for or gains nothing, or where it is for those who take longer
    /// ones: while it is handed out, somebody else may add a form to the message that is longer than those before.
    /// </summary>
    /// <param name="longest">Bytes before compression.</param>
    public byte[] DeflatedFrame(WireFormat format, int longest = int.MaxValue)
    {
        var plain = Frame(format);
        return plain.Length <= longest ? (format == WireFormat.Json ? _deflatedJsonFrame : _deflatedMessagePackFrame) ?? plain : plain;
    }

    /// <summary>Makes these forms where they are not there yet; before a lane asks for them, since it takes some time.</summary>
    public void Prepare(MessageForms forms)
    {
        if ((forms & (MessageForms.Json | MessageForms.DeflatedJson)) != 0)
            Frame(WireFormat.Json);
        if ((forms & (MessageForms.MessagePack | MessageForms.DeflatedMessagePack)) != 0)
            Frame(WireFormat.MessagePack);
        if ((forms & MessageForms.DeflatedJson) != 0)
            Deflate(ref _deflatedJsonFrame, WireFormat.Json);
        if ((forms & MessageForms.DeflatedMessagePack) != 0)
            Deflate(ref _deflatedMessagePackFrame, WireFormat.MessagePack);
    }

    /// <summary>The whole frame for members that speak that format.</summary>
    public byte[] Frame(WireFormat format)
    {
        ref var frame = ref format == WireFormat.Json ? ref _jsonFrame : ref _messagePackFrame;
        return Volatile.Read(ref frame) ?? Encode(ref frame, format);
    }

    private void Deflate(ref byte[]? deflated, WireFormat format)
    {
        var frame = Frame(format);
        lock (_encoding)
        {
            if (deflated is not null)
                return;
            var opcode = format == WireFormat.Json ? Opcode.Text : Opcode.Binary;
            // The plain frame where nothing is gained: so it is not tried again.
            deflated = ServerFrames.Compressed(opcode, ServerFrames.PayloadOf(frame)) ?? frame;
            if (deflated != frame)
                LargestDeflated = Math.Max(LargestDeflated, frame.Length);
        }
    }

    private byte[] Encode(ref byte[]? frame, WireFormat format)
    {
        // Two lanes may ask at once: the second waits the few microseconds instead of doing the work again.
        lock (_encoding)
        {
            if (frame is null)
                Volatile.Write(ref frame, ServerFrames.Encode(format, new RoomMessageEnvelope(Room.Name, Id, Offset, Timestamp, From, Payload)));
            return frame!;
        }
    }
}
