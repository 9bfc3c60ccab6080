using Fanout.Node.Backplane;
using Fanout.Node.Drain;

namespace Fanout.Node.Diagnostics;

/// <summary>One reason for or against readiness.</summary>
/// <param name="Since">Since when the check says so.</param>
internal sealed record ReadinessCheck(string Name, bool Ok, string Detail, DateTimeOffset Since);

/// <summary>
/// Whether a proxy should send clients here. Liveness is another matter: a node whose Redis is away is alive, and restarting it would help
/// nobody.
/// </summary>
internal sealed class Readiness(IBackplane backplane, DrainState drain, HealthOptions options, TimeProvider time)
{
    private readonly Lock _gate = new();
    private readonly DateTimeOffset _started = time.GetUtcNow();
    private BackplaneState _seen = BackplaneState.Degraded;
    private DateTimeOffset _since = time.GetUtcNow();
    private bool _everHealthy;

    public bool IsReady(out IReadOnlyList<ReadinessCheck> checks)
    {
        var backplaneCheck = CheckBackplane();
        var drainCheck = new ReadinessCheck("drain", !drain.IsDraining, drain.Phase.ToText(), drain.Since ?? _started);
        checks = [backplaneCheck, drainCheck];
        return backplaneCheck.Ok && drainCheck.Ok;
    }

    /// <summary>The backplane's state changed.</summary>
    public void OnStateChanged(BackplaneState state)
    {
        lock (_gate)
        {
            if (state == _seen)
                return;
            _seen = state;
            _since = time.GetUtcNow();
            _everHealthy |= state == BackplaneState.Healthy;
        }
    }

    private ReadinessCheck CheckBackplane()
    {
        OnStateChanged(backplane.State);
        lock (_gate)
        {
            if (_seen == BackplaneState.Healthy)
                return new ReadinessCheck("backplane", true, "healthy", _since);
            // At the start nothing has worked yet, so there is no blip to sit out.
            var grace = _everHealthy && time.GetUtcNow() - _since < options.NotReadyAfter;
            return new ReadinessCheck("backplane", grace, _everHealthy ? "degraded" : "not connected yet", _since);
        }
    }
}
