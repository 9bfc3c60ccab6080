namespace Fanout.Node.Drain;

/// <summary>Whether the node is leaving, and how far it is. Thread-safe.</summary>
internal sealed class DrainState(TimeProvider time) : IDisposable
{
    private readonly Lock _gate = new();
    private readonly CancellationTokenSource _hurry = new();
    private volatile DrainPhase _phase;

    public DrainPhase Phase => _phase;

    /// <summary>Readiness fails and handshakes are refused from the first moment of it.</summary>
    public bool IsDraining => _phase != DrainPhase.Serving;

    /// <summary>When the drain began; null before.</summary>
    public DateTimeOffset? Since { get; private set; }

    /// <summary>Somebody cannot wait: no more notice, no more window.</summary>
    public CancellationToken Hurried => _hurry.Token;

    /// <summary>Goes on to a later phase; an earlier one changes nothing.</summary>
    public void Enter(DrainPhase phase)
    {
        lock (_gate)
        {
            if (phase <= _phase)
                return;
            Since ??= time.GetUtcNow();
            _phase = phase;
        }
    }

    public void Hurry() => _hurry.Cancel();

    public void Dispose() => _hurry.Dispose();
}
