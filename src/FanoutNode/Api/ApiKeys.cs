using System.Security.Cryptography;
using System.Text;

namespace Fanout.Node.Api;

/// <summary>Knows the configured keys.</summary>
internal sealed class ApiKeys(ApiOptions options, IHostEnvironment environment)
{
    private static readonly ApiKeyOptions Developer = new() { Name = "development", Scopes = [.. ApiScope.All] };

    // No configured key may be longer.
    public const int LongestKeyBytes = 1024;

    // Hashes of equal length: the comparison takes the same time for every key, whatever its length and wherever it differs.
    private readonly (byte[] Hash, ApiKeyOptions Key)[] _keys = [.. options.Keys.Select(key => (Hash(key.Key), key))];
    private readonly bool _isOpen = options.Keys.Count == 0 && environment.IsDevelopment();

    /// <summary>Whether everybody may do everything: there are no keys, and this is Development.</summary>
    public bool IsOpen => _isOpen;

    /// <summary>The caller behind a key; null where the key is missing or unknown.</summary>
    public ApiKeyOptions? Find(string? key)
    {
        if (_isOpen)
            return Developer;
        if (string.IsNullOrEmpty(key))
            return null;
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        Span<byte> text = stackalloc byte[LongestKeyBytes];
        if (!Encoding.UTF8.TryGetBytes(key, text, out var length))
            return null;
        SHA256.HashData(text[..length], hash);
        ApiKeyOptions? found = null;
        foreach (var (candidate, owner) in _keys)
        {
            if (CryptographicOperations.FixedTimeEquals(candidate, hash))
                found = owner;
        }

        return found;
    }

    /// <summary>The caller of this name; null where there is none.</summary>
    public ApiKeyOptions? Named(string name) =>
        _isOpen ? (name == Developer.Name ? Developer : null) : options.Keys.Find(key => key.Name == name);

    private static byte[] Hash(string key) => SHA256.HashData(Encoding.UTF8.GetBytes(key));
}
