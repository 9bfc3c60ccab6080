namespace Fanout.Client;

/// <summary>How one message is published.</summary>
public sealed record FanoutPublishOptions
{
    /// <summary>Names this publish, 1 to 128 characters: however often it is sent, it happens once. Default: random.</summary>
    public string? Key { get; init; }

    /// <summary>Whether the message comes back to this connection, where it is a member. Default: yes.</summary>
    public bool Echo { get; init; } = true;

    /// <summary>Gives up after so long, time without a connection included. Default: waits as long as the client lives.</summary>
    public TimeSpan? Timeout { get; init; }
}
