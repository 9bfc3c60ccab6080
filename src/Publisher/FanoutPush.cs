namespace Fanout.Publisher;

/// <summary>How one message is published.</summary>
public sealed record FanoutPushOptions
{
    /// <summary>Names this publish, 1 to 128 characters: however often it is sent, it happens once. Default: random.</summary>
    public string? Key { get; init; }

    /// <summary>The client id of a connection that does not get the message, such as the one that caused it.</summary>
    public string? Exclude { get; init; }
}

/// <summary>The acknowledgement of a publish: the backplane has the message, and where the room has history it is stored.</summary>
/// <param name="MessageId">Names the message everywhere.</param>
/// <param name="Offset">Its number in the room; absent in a room without history.</param>
/// <param name="Epoch">Names the life of the room's offsets.</param>
/// <param name="Nodes">At most how many nodes heard it; 0 for a repetition.</param>
/// <param name="IsOnline">Of a push to a user: whether any connection was there.</param>
public sealed record FanoutPushed(string MessageId, long? Offset, string? Epoch, int Nodes, bool? IsOnline);
