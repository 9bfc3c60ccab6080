using Fanout.Node.Limits;
using Fanout.Node.Rooms;

namespace Fanout.Node.Connections;

/// <summary>A connection with what belongs to its reader: the rooms that it asked for, its rate, its bad messages so far.</summary>
internal sealed class Session(Connection connection, LimitsOptions limits, long inflatedBytesPerSecond = 0)
{
    public Connection Connection { get; } = connection;

    /// <summary>Rooms that the client is in, or is about to join or leave.</summary>
    public SessionRooms Rooms { get; } = new();

    /// <summary>How often the client may send.</summary>
    public SessionRate Rate { get; } = new(limits, connection.Lane.Timers.Now, inflatedBytesPerSecond);

    /// <summary>Undecodable messages since the last good one. Reader only.</summary>
    public int BadMessagesInARow { get; set; }
}
