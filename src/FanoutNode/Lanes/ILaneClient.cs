using Fanout.Shared.Protocol;

namespace Fanout.Node.Lanes;

/// <summary>What a lane needs to know of a connection: how to send to it. Called on the connection's own lane only.</summary>
internal interface ILaneClient
{
    string ClientId { get; }

    WireFormat Format { get; }

    /// <summary>The longest message, in bytes before compression, that may go to it compressed; 0: none, since it agreed to nothing.</summary>
    int LargestDeflated => 0;

    /// <summary>
    /// Sends bytes that hold whole frames, or queues what the socket does not take now. The bytes are shared by all receivers and never
    /// change.
    /// </summary>
    /// <param name="frames">One or more whole frames.</param>
    /// <param name="room">The room they belong to, for its overflow rule; null for the connection's own traffic.</param>
    void Send(ReadOnlyMemory<byte> frames, LaneRoom? room);

    /// <summary>Drops the newest message that is kept for a room whose <c>Overflow</c> is <c>Latest</c>: it is not to be sent any more.</summary>
    void ForgetNewest(LaneRoom room);

    /// <summary>Whether the socket has taken everything that was sent.</summary>
    bool IsDrained { get; }

    /// <summary>Posts the work to the lane once the socket has taken everything.</summary>
    void WhenDrained(ILaneWork work);

    /// <summary>Where the client stands in the lane's timer wheel; 0: nowhere. Kept for the wheel, which alone changes it.</summary>
    long TimerSlot { get; set; }

    /// <summary>Looks at the connection's deadlines; returns when to look next, on the lane's clock.</summary>
    long OnTimer(Lane lane, long now);
}
