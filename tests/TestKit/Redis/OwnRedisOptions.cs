namespace Fanout.Tests.TestKit.Redis;

public sealed record OwnRedisOptions
{
    /// <summary>
    /// Keeps every write on disk, so that a restart loses nothing. Default: nothing is kept, but by <see
    /// cref="OwnRedis.SaveAsync"/>.
    /// </summary>
    public bool AppendOnly { get; init; }

    /// <summary>More arguments, for example "--maxmemory", "4mb" or "--replicaof", "127.0.0.1 20001".</summary>
    public IReadOnlyList<string> Arguments { get; init; } = [];
}
