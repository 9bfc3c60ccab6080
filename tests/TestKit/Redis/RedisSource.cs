namespace Fanout.Tests.TestKit.Redis;

/// <summary>Where the tests' Redis came from.</summary>
public enum RedisSource
{
    /// <summary>Named by FANOUT_TEST_REDIS; it may be shared with others.</summary>
    Environment,

    /// <summary>A container of our own.</summary>
    Container,

    /// <summary>A redis-server process of our own.</summary>
    Process,
}
