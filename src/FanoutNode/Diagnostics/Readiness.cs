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
internal sealed class Readiness(IBackplane backplane, DrainState drain, HealthOptions options, TimeProvider time, IEnumerable<IReadinessCheck> others)
{
    private readonly Lock _gate = new();
    private readonly DateTimeOffset _started = time.GetUtcNow();
    private readonly Dictionary<string, ReadinessCheck> _last = [];
    private BackplaneState _seen = BackplaneState.Degraded;
    private DateTimeOffset _since = time.GetUtcNow();
    private bool _everHealthy;
    private DateTimeOffset? _begun;

    public bool IsReady(out IReadOnlyList<ReadinessCheck> checks)
    {
        var backplaneCheck = CheckBackplane();
        var drainCheck = new ReadinessCheck("drain", !drain.IsDraining, drain.Phase.ToText(), drain.Since ?? _started);
        checks = [backplaneCheck, drainCheck, .. others.Select(other => Remember(other.Check()))];
        return checks.All(check => check.Ok);
    }

    /// <summary>
    /// Whether the start is over: everything that readiness asks for, but for the drain, was there once. It never goes back: what fails later
    /// is a matter of readiness.
    /// </summary>
    public bool IsStarted(out IReadOnlyList<ReadinessCheck> checks)
    {
        IsReady(out var all);
        checks = [.. all.Where(check => check.Name != "drain")];
        lock (_gate)
        {
            if (checks.All(check => check.Ok))
                _begun ??= time.GetUtcNow();
            return _begun is not null;
        }
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

    private ReadinessCheck Remember((string Name, bool Ok, string Detail) now)
    {
        lock (_gate)
        {
            if (!_last.TryGetValue(now.Name, out var last) || last.Ok != now.Ok || last.Detail != now.Detail)
                _last[now.Name] = last = new ReadinessCheck(now.Name, now.Ok, now.Detail, time.GetUtcNow());
            return last;
        }
    }
}
