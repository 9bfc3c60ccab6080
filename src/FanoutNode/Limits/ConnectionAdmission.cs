using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Fanout.Node.Diagnostics;

namespace Fanout.Node.Limits;

/// <summary>Why a connection was not let in, for the answer.</summary>
/// <param name="Status">503: the node has no room. 429: this client has too many.</param>
internal sealed record AdmissionRefusal(int Status, string Text, int RetryAfterSeconds);

/// <summary>What a connection holds of the limits, from its handshake to its end.</summary>
internal sealed class ConnectionTicket
{
    private readonly ConnectionAdmission _owner;
    private int _released;

    public ConnectionTicket(ConnectionAdmission owner, UInt128? address) => (_owner, Address) = (owner, address);

    public UInt128? Address { get; }

    public string? User { get; set; }

    /// <summary>Gives it back; a second time does nothing.</summary>
    public void Release()
    {
        if (Interlocked.Exchange(ref _released, 1) == 0)
            _owner.Release(this);
    }
}

/// <summary>
/// Lets connections in: so many at a time, a second, from one address, of one user. They are counted from the first look at their handshake,
/// before anything costly, so that many at once cannot slip through together.
/// </summary>
internal sealed class ConnectionAdmission(LimitsOptions limits, TimeProvider time, FanoutMetrics metrics)
{
    // Nobody knows when a place will be free; spread, so that those who were refused together do not come back together.
    private const int ShortestWaitSeconds = 2;
    private const int LongestWaitSeconds = 10;

    // Elsewhere there is room: soon, but not all in one and the same second.
    private const int LongestWaitForAnotherNodeSeconds = 4;

    private readonly ConnectionRate? _rate = limits.ConnectionsPerSecond > 0 ? new ConnectionRate(limits.ConnectionsPerSecond, time) : null;
    private readonly KeyedCounts<UInt128> _addresses = new();
    private readonly KeyedCounts<string> _users = new();
    private int _count;

    private bool CountsAnything => limits.MaxConnections > 0 || limits.MaxConnectionsPerIp > 0 || limits.MaxConnectionsPerUser > 0;

    /// <summary>What a node that drains tells everybody.</summary>
    public static AdmissionRefusal Draining() =>
        new(503, "This node is draining; connect again, to another node.", Random.Shared.Next(1, LongestWaitForAnotherNodeSeconds + 1));

    /// <summary>The first look: before the token is checked.</summary>
    /// <param name="ticket">What is to be released in the end; null where nothing is counted.</param>
    public AdmissionRefusal? Enter(IPAddress? address, out ConnectionTicket? ticket)
    {
        ticket = null;
        if (_rate is not null && !_rate.TryTake(out var wait))
            return Refuse("connection_rate", 503, "This node takes no more connections at the moment; connect again after the time in Retry-After.", wait);
        if (!CountsAnything)
            return null;
        if (limits.MaxConnections > 0 && Interlocked.Increment(ref _count) > limits.MaxConnections)
        {
            Interlocked.Decrement(ref _count);
            return Refuse("connections", 503, "This node has as many connections as it takes.", AnyWait());
        }

        UInt128? key = limits.MaxConnectionsPerIp > 0 && address is not null ? KeyOf(address) : null;
        if (key is { } from && !_addresses.TryEnter(from, limits.MaxConnectionsPerIp))
        {
            if (limits.MaxConnections > 0)
                Interlocked.Decrement(ref _count);
            return Refuse("connections_per_ip", 429, string.Create(CultureInfo.InvariantCulture, $"One address may have {limits.MaxConnectionsPerIp} connections to this node."), AnyWait());
        }

        ticket = new ConnectionTicket(this, key);
        return null;
    }

    /// <summary>The second look: the user is known.</summary>
    public AdmissionRefusal? EnterUser(ConnectionTicket? ticket, string? user)
    {
        if (ticket is null || user is null || limits.MaxConnectionsPerUser <= 0)
            return null;
        if (!_users.TryEnter(user, limits.MaxConnectionsPerUser))
            return Refuse("connections_per_user", 429, string.Create(CultureInfo.InvariantCulture, $"A user may have {limits.MaxConnectionsPerUser} connections to this node."), AnyWait());
        ticket.User = user;
        return null;
    }

    /// <summary>By <see cref="ConnectionTicket.Release"/> alone.</summary>
    public void Release(ConnectionTicket ticket)
    {
        if (limits.MaxConnections > 0)
            Interlocked.Decrement(ref _count);
        if (ticket.Address is { } address)
            _addresses.Leave(address);
        if (ticket.User is { } user)
            _users.Leave(user);
    }

    /// <summary>What counts as one address: all of IPv4's, and IPv6's first 64 bits, since whoever has one of those has all behind it.</summary>
    internal static UInt128 KeyOf(IPAddress address)
    {
        if (address.IsIPv4MappedToIPv6)
            address = address.MapToIPv4();
        Span<byte> bytes = stackalloc byte[16];
        address.TryWriteBytes(bytes, out var length);
        if (address.AddressFamily == AddressFamily.InterNetwork)
            return (UInt128.One << 127) | System.Buffers.Binary.BinaryPrimitives.ReadUInt32BigEndian(bytes[..length]);
        return System.Buffers.Binary.BinaryPrimitives.ReadUInt64BigEndian(bytes);
    }

    private AdmissionRefusal Refuse(string limit, int status, string text, int retryAfterSeconds)
    {
        metrics.Limited(limit);
        return new AdmissionRefusal(status, text, retryAfterSeconds);
    }

    private static int AnyWait() => Random.Shared.Next(ShortestWaitSeconds, LongestWaitSeconds + 1);
}
