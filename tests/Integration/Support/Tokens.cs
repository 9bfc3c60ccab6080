using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Fanout.Tests.Integration.Support;

/// <summary>JSON web tokens (RFC 7519) with HS256, written by hand so that every part of one can be wrong.</summary>
internal static class Tokens
{
    public const string SigningKey = "a signing key for tests, long enough for HS256";

    /// <param name="grants">The claim <c>fanout</c>; null leaves it out.</param>
    /// <param name="expiresIn">From now; null leaves <c>exp</c> out.</param>
    public static string For(string? user, object? grants = null, TimeSpan? expiresIn = null, string key = SigningKey, string algorithm = "HS256")
    {
        var claims = new JsonObject();
        if (user is not null)
            claims["sub"] = user;
        if (grants is not null)
            claims["fanout"] = JsonSerializer.SerializeToNode(grants);
        if (expiresIn is { } lifetime)
            claims["exp"] = (DateTimeOffset.UtcNow + lifetime).ToUnixTimeSeconds();
        var head = Part(new JsonObject { ["alg"] = algorithm, ["typ"] = "JWT" }) + "." + Part(claims);
        var signature = HMACSHA256.HashData(Encoding.UTF8.GetBytes(key), Encoding.ASCII.GetBytes(head));
        return head + "." + (algorithm == "none" ? "" : Base64Url.EncodeToString(signature));
    }

    private static string Part(JsonObject json) => Base64Url.EncodeToString(Encoding.UTF8.GetBytes(json.ToJsonString()));
}
