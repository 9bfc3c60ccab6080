using StackExchange.Redis;

namespace Fanout.Node.Backplane.Redis;

/// <summary>Reads from an exception what became of a command.</summary>
internal static class RedisFaults
{
    /// <summary>Whether the exception is Redis's or the network's doing, and not a bug here.</summary>
    public static bool IsBackplaneFault(Exception e) =>
        e is RedisException or RedisCommandException or TimeoutException or BackplaneUnavailableException or ObjectDisposedException or OperationCanceledException;

    /// <summary>Whether the command was refused for what it is, while others may well pass.</summary>
    public static bool IsRefusal(Exception e) => e is RedisServerException or RedisCommandException || !IsBackplaneFault(e);

    /// <summary>
    /// Whether the command may have been executed although it failed: it was sent, and no answer came. A server's own error means that it was
    /// refused.
    /// </summary>
    public static bool MayHaveHappened(Exception e) => e switch
    {
        RedisServerException => false,
        BackplaneUnavailableException => false,
        // The library refuses to send it: it is not allowed, or there is no server that would take it.
        RedisCommandException => false,
        RedisConnectionException connection => connection.CommandStatus == CommandStatus.Sent || connection.FailureType is not
            (ConnectionFailureType.UnableToResolvePhysicalConnection or ConnectionFailureType.UnableToConnect or ConnectionFailureType.None)
            && connection.CommandStatus == CommandStatus.Unknown,
        RedisTimeoutException timeout => timeout.Commandstatus != CommandStatus.WaitingToBeSent,
        _ => true,
    };

    /// <summary>As what callers of <see cref="IMembership"/> and <see cref="INodeDirectory"/> see.</summary>
    public static BackplaneUnavailableException Wrap(Exception e) =>
        e as BackplaneUnavailableException ?? new BackplaneUnavailableException("Redis did not answer", e);
}
