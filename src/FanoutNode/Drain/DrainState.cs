namespace Fanout.Node.Drain;

/// <summary>Whether the node is leaving. Readiness fails and handshakes are refused from the first moment of it.</summary>
internal sealed class DrainState(TimeProvider time)
{
    private readonly Lock _gate = new();
    private volatile bool _draining;

    public bool IsDraining => _draining;

    /// <summary>When the drain began; null before.</summary>
    public DateTimeOffset? Since { get; private set; }

    public void Begin()
    {
        lock (_gate)
        {
            Since ??= time.GetUtcNow();
            _draining = true;
        }
    }
}
