using Fanout.Node.Lanes;

namespace Fanout.Node.Connections;

/// <summary>When a connection's token ends, on its lane's clock. Owned by the lane.</summary>
internal struct TokenLife
{
    // Time for a client to fetch a new token over a slow network; less for tokens that live shorter than twice this.
    private const long WarnAheadMs = 60_000;

    private readonly long _ends;
    private readonly long _warns;
    private bool _isWarned;

    public TokenLife(DateTimeOffset? expiresAt, Lane lane)
    {
        if (expiresAt is not { } end)
        {
            _ends = _warns = long.MaxValue;
            return;
        }

        var left = Math.Max(0, (long)(end - lane.Time.GetUtcNow()).TotalMilliseconds);
        ExpiresAt = end.ToUnixTimeMilliseconds();
        _ends = lane.Timers.Now + left;
        _warns = _ends - Math.Min(WarnAheadMs, left / 2);
    }

    /// <summary>When the token ends, in Unix milliseconds; 0 where it does not.</summary>
    /// <remarks>Of this token: by the time of the warning the connection may have been given another one.</remarks>
    public long ExpiresAt { get; }

    /// <summary>When to look next.</summary>
    public readonly long Due => _isWarned ? _ends : _warns;

    public readonly bool HasEnded(long now) => now >= _ends;

    /// <summary>Whether the client is to be warned now; once.</summary>
    public bool TakeWarning(long now)
    {
        if (_isWarned || now < _warns)
            return false;
        return _isWarned = true;
    }
}
