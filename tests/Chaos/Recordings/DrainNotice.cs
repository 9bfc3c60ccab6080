namespace Fanout.Tests.Chaos.Recordings;

/// <summary>A <c>drain</c> that a subscriber got.</summary>
/// <param name="At">When, on the run's clock.</param>
public sealed record DrainNotice(string Node, long ReconnectAfterMs, TimeSpan At)
{
    /// <summary>When the subscriber was let in again, wherever that was; null if it never was.</summary>
    public TimeSpan? BackAt { get; set; }

    /// <summary>The node closed the connection when its moment had come; false where the subscriber went by itself before.</summary>
    public bool IsObeyed { get; set; }
}
