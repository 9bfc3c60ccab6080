using StackExchange.Redis;

namespace Fanout.Node.Backplane.Redis;

/// <summary>Every name that the service uses in Redis (DESIGN, section 5). The braces keep a room's keys in one slot of a cluster.</summary>
internal sealed class RedisKeys(string prefix)
{
    public string Prefix { get; } = prefix;

    /// <summary>Set: <c>&lt;node id&gt;/&lt;client id&gt;</c>, one a member.</summary>
    public RedisKey Members(string room) => $"{Prefix}{{{room}}}:members";

    /// <summary>Hash: client id to info; presence rooms alone.</summary>
    public RedisKey Info(string room) => $"{Prefix}{{{room}}}:info";

    /// <summary>Hash: user to the number of its connections in the room; presence rooms alone.</summary>
    public RedisKey Users(string room) => $"{Prefix}{{{room}}}:users";

    /// <summary>Hash: user to the member entry of a connection that was lost a moment ago; presence rooms alone.</summary>
    public RedisKey Leaving(string room) => $"{Prefix}{{{room}}}:leaving";

    /// <summary>String with a time to live: when the last connection left, in ms of Redis's clock; users' rooms alone.</summary>
    public RedisKey Seen(string room) => $"{Prefix}{{{room}}}:seen";

    /// <summary>Stream: the room's kept messages; the entry id is <c>&lt;offset&gt;-0</c>.</summary>
    public RedisKey Stream(string room) => $"{Prefix}{{{room}}}:stream";

    /// <summary>Hash: epoch, offset, server identity.</summary>
    public RedisKey Meta(string room) => $"{Prefix}{{{room}}}:meta";

    /// <summary>String with a time to live: what became of a publish with an idempotency key.</summary>
    public RedisKey Once(string room, IdempotencyKey key) => $"{Prefix}{{{room}}}:key:{key.Principal}:{key.Key}";

    /// <summary>The room's broadcasts.</summary>
    public string Channel(string room) => $"{Prefix}{{{room}}}";

    /// <summary>Sorted set: node id to its last beat, in Redis's clock.</summary>
    public RedisKey Nodes => $"{Prefix}nodes";

    /// <summary>Hash: a node's details.</summary>
    public RedisKey Node(string id) => $"{Prefix}node:{id}";

    /// <summary>Set: the rooms in which the node has members.</summary>
    public RedisKey NodeRooms(string id) => $"{Prefix}node:{id}:rooms";

    /// <summary>Hash: client id to user and time of connecting, for all connections of the node that are in rooms.</summary>
    public RedisKey NodeClients(string id) => $"{Prefix}node:{id}:clients";

    /// <summary>String with a time to live: who is reaping this node.</summary>
    public RedisKey NodeClaim(string id) => $"{Prefix}node:{id}:claim";

    /// <summary>The node's probe.</summary>
    public string Beat(string id) => $"{Prefix}node:{id}:beat";

    /// <summary>Orders to all nodes.</summary>
    public string Control { get; } = $"{prefix}control";

    /// <summary>Sorted set: user to the end of the time for which it stays out, in Redis's clock.</summary>
    public RedisKey Revoked => $"{Prefix}revoked";

    /// <summary>Stream: what webhooks are to be told of a presence room's members, until it is taken over into <see cref="WebhookEvents"/>.</summary>
    public RedisKey RoomEvents(string room) => $"{Prefix}{{{room}}}:events";

    // No room of a client begins with a dollar, so no room's keys can be these. One hash tag: all of them sit in one slot.
    private string Webhook(string name) => $"{Prefix}{{$webhooks}}:{name}";

    /// <summary>Sorted set: mark to the time at which somebody shall look at its room, in us of Redis's clock.</summary>
    public RedisKey WebhookDue => Webhook("due");

    /// <summary>Set: rooms that receivers were told to be occupied.</summary>
    public RedisKey WebhookOccupied => Webhook("occupied");

    /// <summary>Stream: events on their way; the entry id is <c>&lt;number&gt;-0</c>.</summary>
    public RedisKey WebhookEvents => Webhook("events");

    /// <summary>String: the last event's number.</summary>
    public RedisKey WebhookSeq => Webhook("seq");

    /// <summary>Stream: events that were given up.</summary>
    public RedisKey WebhookDead => Webhook("dead");

    /// <summary>Hash: receiver to the number of the last event that it is done with.</summary>
    public RedisKey WebhookCursors => Webhook("cursors");

    /// <summary>Sorted set: receiver to the time at which a node asked for it.</summary>
    public RedisKey WebhookSeen => Webhook("seen");

    /// <summary>String with a time to live: the node that collects.</summary>
    public RedisKey WebhookCollector => Webhook("collector");

    /// <summary>String with a time to live: the node that sends to a receiver.</summary>
    public RedisKey WebhookSender(string name) => Webhook("sender:" + name);

    /// <summary>Hash: how it is with a receiver.</summary>
    public RedisKey WebhookState(string name) => Webhook("state:" + name);

    /// <summary>The room that a channel belongs to; empty for the other channels.</summary>
    public ReadOnlySpan<char> RoomOf(ReadOnlySpan<char> channel) =>
        channel.Length > Prefix.Length + 2 && channel[Prefix.Length] == '{' && channel[^1] == '}'
            ? channel[(Prefix.Length + 1)..^1]
            : default;

    /// <summary>A member's entry in <see cref="Members"/>.</summary>
    public static string MemberEntry(string nodeId, string clientId) => $"{nodeId}/{clientId}";

    /// <summary>Splits what <see cref="MemberEntry"/> made.</summary>
    public static (string NodeId, string ClientId) SplitMember(string entry)
    {
        var slash = entry.LastIndexOf('/');
        return slash < 0 ? ("", entry) : (entry[..slash], entry[(slash + 1)..]);
    }
}
