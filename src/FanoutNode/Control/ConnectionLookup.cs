using Fanout.Node.Backplane;
using Fanout.Node.Connections;
using Fanout.Shared.Rooms;

namespace Fanout.Node.Control;

/// <summary>Tells of this node's connections.</summary>
internal sealed class ConnectionLookup(ConnectionRegistry connections, NodeIdentity node)
{
    // As many as a connection may be in by default; the answer travels on the channel that all nodes read.
    private const int MostRooms = 100;

    /// <summary>A connection of this node; null where it is none of its own.</summary>
    public FoundConnection? Find(string clientId)
    {
        if (connections.Find(clientId) is not { } session)
            return null;
        var rooms = session.Rooms.Joined.Where(room => !RoomName.IsOpsRoom(room)).Order(StringComparer.Ordinal).ToList();
        var connection = session.Connection;
        return new FoundConnection(connection.ClientId, node.Name, connection.Principal.UserId, connection.ConnectedAt, [.. rooms.Take(MostRooms)], rooms.Count);
    }
}
