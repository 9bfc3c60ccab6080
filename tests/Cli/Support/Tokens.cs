using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Fanout.Tests.Cli.Support;

/// <summary>Tokens that are not made by the tool under test.</summary>
internal static class Tokens
{
    public static string For(string user, string rooms = "*", string key = Installation.SigningKey, string? publish = null)
    {
        var claims = JsonSerializer.Serialize(new { sub = user, fanout = new { join = new[] { rooms }, publish = new[] { publish ?? rooms }, presence = new[] { rooms }, info = new { name = user } } });
        var head = Part("""{"alg":"HS256","typ":"JWT"}""") + "." + Part(claims);
        return head + "." + Base64Url.EncodeToString(HMACSHA256.HashData(Encoding.UTF8.GetBytes(key), Encoding.ASCII.GetBytes(head)));
    }

    private static string Part(string json) => Base64Url.EncodeToString(Encoding.UTF8.GetBytes(json));
}
