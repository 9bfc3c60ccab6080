namespace Fanout.Client;

/// <summary>Where a client stands.</summary>
public enum FanoutConnectionState
{
    /// <summary>Before <see cref="FanoutClient.ConnectAsync"/>.</summary>
    Idle,

    /// <summary>Until the first connection.</summary>
    Connecting,

    /// <summary>There is a connection.</summary>
    Connected,

    /// <summary>The connection is lost and is being sought again.</summary>
    Reconnecting,

    /// <summary>After <see cref="FanoutClient.CloseAsync"/>, or when the node sent us away for good.</summary>
    Closed,
}

/// <summary>Whether a node reaches the others.</summary>
public enum FanoutBackplaneState
{
    /// <summary>It does.</summary>
    Healthy,

    /// <summary>It has trouble: messages may be late and commands may be refused. Nothing need be done about it.</summary>
    Degraded,
}

/// <summary>A change of <see cref="FanoutClient.State"/>.</summary>
/// <param name="State">The new one.</param>
/// <param name="Previous">The one before.</param>
/// <param name="Error">Why, where something went wrong.</param>
public sealed record FanoutStateChange(FanoutConnectionState State, FanoutConnectionState Previous, FanoutException? Error);

/// <summary>The end of a connection.</summary>
/// <param name="CloseCode">1006 where no close frame came.</param>
/// <param name="Reason">For people.</param>
public sealed record FanoutDisconnect(int CloseCode, string Reason);

/// <summary>A wait for the next attempt.</summary>
/// <param name="Delay">How long.</param>
/// <param name="Attempt">Failed attempts so far; 0 where the node asked us to come back at once.</param>
/// <param name="Cause">Why there is no connection.</param>
public sealed record FanoutReconnecting(TimeSpan Delay, int Attempt, FanoutException Cause);
