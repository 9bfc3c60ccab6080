namespace Fanout.Client;

/// <summary>What the node said when it let us in.</summary>
public sealed class FanoutConnectionInfo
{
    internal FanoutConnectionInfo()
    {
    }

    /// <summary>Names this connection; another one after each reconnect.</summary>
    public string ClientId { get; internal set; } = "";

    /// <summary>The user; absent for an anonymous client.</summary>
    public string? UserId { get; internal set; }

    /// <summary>The node's name, for people.</summary>
    public string Node { get; internal set; } = "";

    /// <summary>When the token ends; absent where it does not. After a refresh <see cref="FanoutClient.Connection"/> tells of the new one.</summary>
    public DateTimeOffset? ExpiresAt { get; internal set; }

    /// <summary>Whether the node reaches the others, at that moment; see <see cref="FanoutClient.Backplane"/>.</summary>
    public FanoutBackplaneState Backplane { get; internal set; }

    /// <summary>Largest message that the node takes, in bytes; 0: no limit.</summary>
    public long MaxMessageBytes { get; internal set; }

    /// <summary>Messages a second that the node takes; 0: no limit.</summary>
    public int MessagesPerSecond { get; internal set; }

    /// <summary>Rooms that the connection may be in; 0: no limit.</summary>
    public int MaxRooms { get; internal set; }

    internal TimeSpan HeartbeatInterval { get; set; }

    internal TimeSpan HeartbeatTimeout { get; set; }

    internal IReadOnlyList<string> Rooms { get; set; } = [];

    /// <summary>The same with another token.</summary>
    internal FanoutConnectionInfo Until(DateTimeOffset? expiresAt)
    {
        var copy = (FanoutConnectionInfo)MemberwiseClone();
        copy.ExpiresAt = expiresAt;
        return copy;
    }
}
