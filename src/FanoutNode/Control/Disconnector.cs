using Fanout.Node.Auth;
using Fanout.Node.Connections;
using Fanout.Shared.Protocol;

namespace Fanout.Node.Control;

/// <summary>Closes connections of this node by an operator's will.</summary>
internal sealed class Disconnector(ConnectionRegistry connections, RevokedUsers revoked)
{
    private const string Reason = "disconnected by an operator";

    /// <returns>How many were closed.</returns>
    // All connections are looked at: an operator's order is rare, and an index by user would cost every connection.
    public int CloseUser(string user) => CloseAll(session => session.Connection.Principal.UserId == user);

    /// <returns>How many were closed: none or one.</returns>
    public int CloseConnection(string clientId) => connections.Find(clientId) is { } session ? Close(session) : 0;

    /// <summary>Closes whoever stays out and is still here.</summary>
    public int CloseRevoked() => revoked.Any ? CloseAll(session => revoked.IsRevoked(session.Connection.Principal.UserId)) : 0;

    private int CloseAll(Func<Session, bool> wanted) => connections.All.Where(wanted).Sum(Close);

    private static int Close(Session session)
    {
        if (session.Connection.IsClosing)
            return 0;
        session.Connection.Close(CloseCode.Disconnected, Reason);
        return 1;
    }
}
