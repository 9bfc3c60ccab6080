using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using Fanout.Node.Api;
using Fanout.Node.Auth;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace Fanout.Node.Console;

/// <summary>A token of the console's.</summary>
internal readonly record struct ConsoleToken(string Text, DateTimeOffset ExpiresAt);

/// <summary>
/// Short-lived tokens for the console's socket, since a browser cannot send a key there: signed with a key that is derived from an API key, so that
/// any node with the same keys takes them and nodes share nothing else.
/// </summary>
/// <remarks>
/// Taken out of the settings or replaced, an API key takes its tokens with it. Users' tokens are made with other keys, and this prefix keeps the
/// two apart before either is looked at. Thread-safe.
/// </remarks>
internal sealed class ConsoleTokens(ApiKeys keys, TimeProvider time)
{
    /// <summary>Begins every token of the console, and no JSON web token.</summary>
    public const string Prefix = "console.";

    private const string Audience = "fanout-console";

    // A name of a key may be long, everything else is not.
    private const int MaxLength = 4096;

    private const string Purpose = "fanout console token, version 1";

    // A token is shown to one node after the other; a stolen one could be used to guess its API key offline. At this count a guess costs some
    // 20 ms of a core, and a node that much once for each key.
    private const int DerivationRounds = 100_000;

    private static readonly string[] Algorithms = [SecurityAlgorithms.HmacSha256];

    private readonly JsonWebTokenHandler _handler = new() { MapInboundClaims = false };
    private readonly ConcurrentDictionary<string, SymmetricSecurityKey> _derived = new();

    /// <summary>How long a token is good for. The page has it refreshed for as long as it is open.</summary>
    public static TimeSpan Lifetime { get; } = TimeSpan.FromMinutes(5);

    /// <summary>A token for who has this key; the caller has checked that it has the scope <c>admin</c>.</summary>
    public ConsoleToken Issue(ApiKeyOptions key)
    {
        // Tokens count whole seconds.
        var now = DateTimeOffset.FromUnixTimeSeconds(time.GetUtcNow().ToUnixTimeSeconds());
        var expiresAt = now + Lifetime;
        var token = _handler.CreateToken(new SecurityTokenDescriptor
        {
            Audience = Audience,
            IssuedAt = now.UtcDateTime,
            NotBefore = now.UtcDateTime,
            Expires = expiresAt.UtcDateTime,
            SigningCredentials = new SigningCredentials(KeyOf(key), SecurityAlgorithms.HmacSha256),
        });
        return new ConsoleToken(Prefix + token, expiresAt);
    }

    /// <summary>The operator behind a token; null where it is not good.</summary>
    /// <param name="token">With its prefix.</param>
    public async ValueTask<Principal?> CheckAsync(string token)
    {
        var text = token[Prefix.Length..];
        if (text.Length > MaxLength || !_handler.CanReadToken(text))
            return null;
        string name;
        try
        {
            name = _handler.ReadJsonWebToken(text).Kid;
        }
        catch (Exception e) when (e is ArgumentException or SecurityTokenException)
        {
            return null;
        }

        if (keys.Named(name) is not { } key || !key.Scopes.Contains(ApiScope.Admin))
            return null;
        var result = await _handler.ValidateTokenAsync(text, new TokenValidationParameters
        {
            IssuerSigningKey = KeyOf(key),
            ValidAlgorithms = Algorithms,
            ValidAudience = Audience,
            ValidateIssuer = false,
            RequireExpirationTime = true,
            LifetimeValidator = (_, expires, _, _) => expires > time.GetUtcNow().UtcDateTime,
        });
        return result.IsValid ? Operator(key, new DateTimeOffset(result.SecurityToken.ValidTo, TimeSpan.Zero)) : null;
    }

    // No more than the key may do by the API.
    private static Principal Operator(ApiKeyOptions key, DateTimeOffset expiresAt)
    {
        string[] everywhere = ["*", "$user.*"];
        string[] nowhere = [];
        var read = key.Scopes.Contains(ApiScope.Read) ? everywhere : nowhere;
        var publish = key.Scopes.Contains(ApiScope.Publish) ? everywhere : nowhere;
        return new Principal(null, new Grants(read, publish, read), null, expiresAt) { IsOperator = true, KeyScope = key.Principal };
    }

    // Settings are read at the start, so that a name stands for one key as long as the node lives.
    private SymmetricSecurityKey KeyOf(ApiKeyOptions key) => _derived.GetOrAdd(key.Name, static (_, source) =>
        new SymmetricSecurityKey(Rfc2898DeriveBytes.Pbkdf2(Encoding.UTF8.GetBytes(source.Key), Encoding.UTF8.GetBytes(Purpose), DerivationRounds, HashAlgorithmName.SHA256, 32)) { KeyId = source.Name }, key);
}
