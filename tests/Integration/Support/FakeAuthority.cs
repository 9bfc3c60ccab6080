using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace Fanout.Tests.Integration.Support;

/// <summary>An OpenID Connect authority: a discovery document, keys that can be rotated, and tokens by them. Says 500 while it is broken.</summary>
internal sealed class FakeAuthority : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly List<RsaSecurityKey> _published = [];
    private int _reads;

    private FakeAuthority(int port)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        _app = builder.Build();
        _app.Urls.Add($"http://127.0.0.1:{port}");
        _app.MapGet("/.well-known/openid-configuration", () => Answer(new JsonObject
        {
            ["issuer"] = Issuer,
            ["jwks_uri"] = Url + "/keys",
        }));
        _app.MapGet("/keys", () =>
        {
            Interlocked.Increment(ref _reads);
            lock (_published)
                return Answer(new JsonObject { ["keys"] = new JsonArray([.. _published.Select(Jwk)]) });
        });
        Rotate();
    }

    public string Url { get; private set; } = "";

    public string Issuer { get; } = "https://issuer.example";

    public volatile bool IsBroken;

    /// <summary>How often the keys were read.</summary>
    public int Reads => Volatile.Read(ref _reads);

    public RsaSecurityKey Key { get; private set; } = null!;

    public static async Task<FakeAuthority> StartAsync(bool broken = false)
    {
        var authority = new FakeAuthority(0) { IsBroken = broken };
        await authority._app.StartAsync();
        authority.Url = authority._app.Urls.First();
        return authority;
    }

    /// <summary>Signs with another key from now on, and publishes that one alone.</summary>
    public void Rotate()
    {
        Key = new RsaSecurityKey(RSA.Create(2048)) { KeyId = Guid.NewGuid().ToString("N") };
        lock (_published)
        {
            _published.Clear();
            _published.Add(Key);
        }
    }

    public string TokenFor(string user, RsaSecurityKey? key = null, string? issuer = null, string? audience = "fanout", string algorithm = SecurityAlgorithms.RsaSha256) =>
        new JsonWebTokenHandler().CreateToken(new SecurityTokenDescriptor
        {
            Issuer = issuer ?? Issuer,
            Audience = audience,
            Claims = new Dictionary<string, object> { ["sub"] = user },
            Expires = DateTime.UtcNow.AddHours(1),
            SigningCredentials = new SigningCredentials(key ?? Key, algorithm),
        });

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private IResult Answer(JsonObject json) => IsBroken ? Results.StatusCode(500) : Results.Text(json.ToJsonString(), "application/json");

    private static JsonNode Jwk(RsaSecurityKey key)
    {
        var rsa = key.Rsa.ExportParameters(includePrivateParameters: false);
        return new JsonObject
        {
            ["kty"] = "RSA",
            ["use"] = "sig",
            ["kid"] = key.KeyId,
            ["n"] = Base64UrlEncoder.Encode(rsa.Modulus),
            ["e"] = Base64UrlEncoder.Encode(rsa.Exponent),
        };
    }
}
