using System.Collections.Frozen;
using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace Fanout.Node.Api;

/// <summary>Knows the configured keys.</summary>
internal sealed class ApiKeys(ApiOptions options, IHostEnvironment environment)
{
    private static readonly ApiKeyOptions Developer = new() { Name = "development", Scopes = [.. ApiScope.All] };

    // No configured key may be longer.
    public const int LongestKeyBytes = 1024;

    // The runtime seeds the hash anew with every start, so that finding nothing in its place tells a stranger nothing about the keys; what is
    // in its place is compared in the same time wherever it differs. A cryptographic hash for each request would say no more, and cost more than
    // the rest of the check.
    private readonly FrozenDictionary<int, ApiKeyOptions[]> _keys =
        options.Keys.GroupBy(key => HashOf(key.Key)).ToFrozenDictionary(keys => keys.Key, keys => keys.ToArray());

    private readonly bool _isOpen = options.Keys.Count == 0 && environment.IsDevelopment();

    /// <summary>Whether everybody may do everything: there are no keys, and this is Development.</summary>
    public bool IsOpen => _isOpen;

    /// <summary>The caller behind a key; null where the key is missing or unknown.</summary>
    public ApiKeyOptions? Find(string? key)
    {
        if (_isOpen)
            return Developer;
        if (string.IsNullOrEmpty(key) || !_keys.TryGetValue(HashOf(key), out var candidates))
            return null;
        ApiKeyOptions? found = null;
        foreach (var candidate in candidates)
        {
            if (CryptographicOperations.FixedTimeEquals(MemoryMarshal.AsBytes(candidate.Key.AsSpan()), MemoryMarshal.AsBytes(key.AsSpan())))
                found = candidate;
        }

        return found;
    }

    /// <summary>The caller of this name; null where there is none.</summary>
    public ApiKeyOptions? Named(string name) =>
        _isOpen ? (name == Developer.Name ? Developer : null) : options.Keys.Find(key => key.Name == name);

    private static int HashOf(string key) => key.GetHashCode(StringComparison.Ordinal);
}
