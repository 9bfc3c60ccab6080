namespace Fanout.Node.Backplane.Redis;

/// <summary>Settings under <c>Fanout:Redis</c>.</summary>
internal sealed class RedisOptions
{
    /// <summary>A StackExchange.Redis connection string such as <c>redis:6379,password=…</c>. Unset: the backplane is this process's memory.</summary>
    public string? ConnectionString { get; set; }

    /// <summary>Begins every key and channel, so that several installations can share one Redis.</summary>
    public string Prefix { get; set; } = "fanout:";

    /// <summary>Replicas that must have a publish before it is acknowledged. 0: none.</summary>
    public int MinReplicas { get; set; }

    /// <summary>
    /// Whether a restarted Redis is believed to have lost nothing. By default it is not: every room begins a new epoch after a restart, and
    /// clients that resume are told so. True gives up that protection: with an append-only file that is written once a second, a crash can
    /// take the last second of messages back, and clients would not be told.
    /// </summary>
    public bool TrustRestarts { get; set; }

    /// <summary>So long may a command take before its publish is answered with <c>timeout</c>.</summary>
    public TimeSpan CommandTimeout { get; set; } = TimeSpan.FromSeconds(5);
}
