namespace Fanout.Tests.Chaos.Faults;

public enum FaultKind
{
    /// <summary>CLIENT KILL TYPE pubsub.</summary>
    SubscriptionsKilled,

    /// <summary>CLIENT KILL TYPE normal.</summary>
    CommandsKilled,

    /// <summary>Restarted with its append-only file; half of the time by SIGKILL.</summary>
    RedisRestarted,

    /// <summary>Restarted without its data.</summary>
    RedisWiped,

    /// <summary>DEBUG SLEEP.</summary>
    RedisAsleep,

    /// <summary>SIGSTOP, SIGCONT.</summary>
    RedisStopped,

    /// <summary>CONFIG SET maxmemory below what is used, and lifted again.</summary>
    MemoryFull,

    /// <summary>SIGKILL, and another starts in its place.</summary>
    NodeKilled,

    /// <summary>SIGTERM, and another starts in its place.</summary>
    NodeDrained,

    /// <summary>SIGSTOP for longer than its lease, then SIGCONT.</summary>
    NodeStopped,

    /// <summary>The link between a node and Redis reset, and refused for a while.</summary>
    LinkCut,

    /// <summary>Nothing passes the link, and nobody is told.</summary>
    LinkBlackHoled,

    /// <summary>The link delays, or lets little through.</summary>
    LinkSlowed,

    /// <summary>Some client sockets reset.</summary>
    ClientsCut,

    /// <summary>Some clients read nothing for a while.</summary>
    ClientsStalled,
}

/// <summary>What a fault breaks; faults of different places happen at the same time, those of one place one after the other.</summary>
public enum FaultPlace
{
    Redis,
    Node,
    Clients,
}

internal static class FaultPlaces
{
    public static FaultPlace Place(this FaultKind kind) => kind switch
    {
        <= FaultKind.MemoryFull => FaultPlace.Redis,
        <= FaultKind.LinkSlowed => FaultPlace.Node,
        _ => FaultPlace.Clients,
    };
}
