namespace Fanout.Node.Presence;

/// <summary>Settings under <c>Fanout:Presence</c>.</summary>
internal sealed class PresenceOptions
{
    /// <summary>A member that is back within this time was never gone: no notices. 0: every disconnect is told.</summary>
    public TimeSpan LeaveDelay { get; set; }
}
