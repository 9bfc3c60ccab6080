using System.Collections.Frozen;
using Fanout.Node.Backplane;

namespace Fanout.Node.Auth;

/// <summary>This node's copy of who stays out. Thread-safe; asked at every handshake, so it never waits for the backplane.</summary>
internal sealed class RevokedUsers(TimeProvider time)
{
    private volatile FrozenDictionary<string, DateTimeOffset> _ends = FrozenDictionary<string, DateTimeOffset>.Empty;

    /// <summary>Whether this user stays out, and for how much longer.</summary>
    public bool IsRevoked(string? user) => user is not null && _ends.TryGetValue(user, out var end) && end > time.GetUtcNow();

    public bool Any => _ends.Count > 0;

    /// <summary>Takes over what the backplane has.</summary>
    public void Replace(IReadOnlyList<Revocation> all)
    {
        var now = time.GetUtcNow();
        _ends = all.ToFrozenDictionary(revocation => revocation.User, revocation => now + revocation.Remaining, StringComparer.Ordinal);
    }
}
