using System.Collections.Concurrent;

namespace Fanout.Node.Connections;

/// <summary>All sessions of this node by client id, for whoever must reach one or all of them: the drain, an operator's disconnect.</summary>
internal sealed class ConnectionRegistry
{
    private readonly ConcurrentDictionary<string, Session> _sessions = new();

    public int Count => _sessions.Count;

    public IEnumerable<Session> All => _sessions.Values;

    public void Add(Session session) => _sessions[session.Connection.ClientId] = session;

    public void Remove(Session session) => _sessions.TryRemove(session.Connection.ClientId, out _);

    public Session? Find(string clientId) => _sessions.GetValueOrDefault(clientId);
}
