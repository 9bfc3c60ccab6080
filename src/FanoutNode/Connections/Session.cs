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
    public SessionRate Rate { get; } = connection.Principal.IsOperator
        ? SessionRate.Unlimited(connection.Lane.Timers.Now)
        : new SessionRate(limits, connection.Lane.Timers.Now, inflatedBytesPerSecond);

    /// <summary>Undecodable messages since the last good one. Reader only.</summary>
    public int BadMessagesInARow { get; set; }

    private int _requests;

    /// <summary>Requests to back ends that are not answered yet.</summary>
    public int Requests => Volatile.Read(ref _requests);

    /// <summary>Counts a request in, unless as many as may be are under way. Reader only.</summary>
    /// <param name="most">0: any number.</param>
    public bool TryBeginRequest(int most)
    {
        if (most > 0 && Requests >= most)
            return false;
        Interlocked.Increment(ref _requests);
        return true;
    }

    /// <summary>Counts a request out, from anywhere.</summary>
    public void EndRequest() => Interlocked.Decrement(ref _requests);
}
