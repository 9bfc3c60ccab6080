using Fanout.Shared.Protocol;

namespace Fanout.Node.Limits;

/// <summary>Settings under <c>Fanout:Limits</c>. 0 switches a limit off.</summary>
internal sealed class LimitsOptions
{
    // Callers of the API, streams' and sockets' handshakes, proxies' idle connections, checks of health.
    private const int TcpConnectionsBeside = 1_000;

    /// <summary>Largest message of a client, and largest body of a publish by HTTP, in bytes. Over it: close with 1009, or 413.</summary>
    public int MaxMessageBytes { get; set; } = ProtocolLimits.DefaultMaxMessageBytes;

    /// <summary>Messages a second that one connection may send for long.</summary>
    public int MessagesPerSecond { get; set; } = 100;

    /// <summary>Messages that one connection may send at once after a pause.</summary>
    public int MessageBurst { get; set; } = 200;

    /// <summary>Bytes a second that one connection may send for long. Off by default.</summary>
    public long BytesPerSecond { get; set; }

    /// <summary>Rooms that one connection may be in, its user's own room not counted.</summary>
    public int MaxRoomsPerConnection { get; set; } = 100;

    /// <summary>Rooms with members on this node. Over it: <c>too_many_rooms</c>.</summary>
    public int MaxRooms { get; set; }

    /// <summary>
    /// Bytes of messages that all rooms keep together, in memory. Over it: publishes to rooms with history are refused with
    /// <c>backplane_unavailable</c>. With Redis its own <c>maxmemory</c> is this limit.
    /// </summary>
    public long MaxHistoryBytes { get; set; } = 256 * 1024 * 1024;

    /// <summary>Largest body of a batch by HTTP, in bytes; each of its payloads has <see cref="MaxMessageBytes"/> beside. Over it: 413.</summary>
    public int MaxBatchBytes { get; set; } = 16 * 1024 * 1024;

    /// <summary>
    /// Bytes of publishes by HTTP that have come to this node and are not answered yet. Over it: 429 with
    /// <c>Retry-After</c>, until some are done; so that a backplane that has become slow does not fill the node.
    /// </summary>
    public long MaxApiBytesInFlight { get; set; } = 64 * 1024 * 1024;

    /// <summary>Bytes that may wait for a socket that reads slowly, before it is closed with 4001.</summary>
    public long MaxBacklogBytes { get; set; } = 1024 * 1024;

    /// <summary>So long may a socket with something to send take nothing, before it is closed with 4001.</summary>
    public TimeSpan StallTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>So long may a client take for its handshake.</summary>
    public TimeSpan HandshakeTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// Connections on this node. Over it: 503 with <c>Retry-After</c>. Each endpoint takes a thousand more TCP connections than that, for everything
    /// that is no socket (yet); those beyond are ended at once.
    /// </summary>
    public int MaxConnections { get; set; }

    /// <summary>TCP connections of an endpoint, whatever they say or do not say; null: any number.</summary>
    public long? MaxTcpConnections => MaxConnections > 0 ? (long)MaxConnections + TcpConnectionsBeside : null;

    /// <summary>
    /// Connections from one address on this node. As many more may be open that have not said yet what they want, but at least
    /// <see cref="MostSilentAtLeast"/>; those beyond are ended at once.
    /// </summary>
    public int MaxConnectionsPerIp { get; set; }

    /// <summary>A page, or a service that connects again, opens some at once and says what it wants a moment later.</summary>
    public const int MostSilentAtLeast = 100;

    /// <summary>Connections from one address whose first request is not there yet; 0: any number.</summary>
    public int MaxSilentPerIp => MaxConnectionsPerIp > 0 ? Math.Max(MaxConnectionsPerIp, MostSilentAtLeast) : 0;

    /// <summary>Connections of one user on this node.</summary>
    public int MaxConnectionsPerUser { get; set; }

    /// <summary>New connections a second on this node. Over it: 503 with a spread <c>Retry-After</c>.</summary>
    public int ConnectionsPerSecond { get; set; }
}
