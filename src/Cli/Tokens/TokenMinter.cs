using System.Buffers;
using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Fanout.Cli.Running;
using Fanout.Shared.Envelopes;
using Fanout.Shared.Protocol;
using Fanout.Shared.Rooms;

namespace Fanout.Cli.Tokens;

/// <summary>Signs tokens with HS256 (RFC 7515, 7519). For development and tests: in production a back end makes them.</summary>
internal static class TokenMinter
{
    /// <summary>As the nodes ask for (RFC 7518, section 3.2).</summary>
    public const int MinKeyBytes = 32;

    public static string Mint(TokenClaims claims, byte[] key)
    {
        var signed = Encode("""{"alg":"HS256","typ":"JWT"}"""u8) + "." + Encode(Body(claims));
        return signed + "." + Encode(HMACSHA256.HashData(key, Encoding.ASCII.GetBytes(signed)));
    }

    private static string Encode(ReadOnlySpan<byte> bytes) => Base64Url.EncodeToString(bytes);

    private static byte[] Body(TokenClaims claims)
    {
        if (UserRoom.TryNameFor(claims.Subject) is null)
            throw CliException.Usage("There can be no user of that name: it is empty, or longer than a room name can hold.");
        var buffer = new ArrayBufferWriter<byte>(256);
        using (var writer = new Utf8JsonWriter(buffer, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            writer.WriteStartObject();
            writer.WriteString("sub", claims.Subject);
            if (claims.Issuer is { } issuer)
                writer.WriteString("iss", issuer);
            if (claims.Audience is { } audience)
                writer.WriteString("aud", audience);
            writer.WriteNumber("iat", claims.IssuedAt.ToUnixTimeSeconds());
            if (claims.Expires is { } expires)
                writer.WriteNumber("exp", expires.ToUnixTimeSeconds());
            if (claims.HasGrants)
                WriteGrants(writer, claims);
            writer.WriteEndObject();
        }

        return buffer.WrittenSpan.ToArray();
    }

    private static void WriteGrants(Utf8JsonWriter writer, TokenClaims claims)
    {
        writer.WriteStartObject("fanout");
        WritePatterns(writer, "join", claims.Join);
        WritePatterns(writer, "publish", claims.Publish);
        WritePatterns(writer, "presence", claims.Presence);
        WriteMethods(writer, claims.Request);
        if (claims.InfoJson is { } info)
        {
            if (!JsonPayload.TryCheck(Encoding.UTF8.GetBytes(info), out var json, out var problem))
                throw CliException.Usage($"--info is no JSON: {problem}.", "In a shell, put JSON in single quotes.");
            writer.WritePropertyName("info");
            writer.WriteRawValue(json.Span);
        }

        writer.WriteEndObject();
    }

    private static void WriteMethods(Utf8JsonWriter writer, IReadOnlyList<string> patterns)
    {
        if (patterns.Count == 0)
            return;
        writer.WriteStartArray("request");
        foreach (var pattern in patterns)
        {
            if (pattern.Length is 0 or > ProtocolLimits.MaxMethodLength)
                throw CliException.Usage($"--request: a method has 1 to {ProtocolLimits.MaxMethodLength} characters.", "* stands for any run of them. In a shell, quote it.");
            writer.WriteStringValue(pattern);
        }

        writer.WriteEndArray();
    }

    private static void WritePatterns(Utf8JsonWriter writer, string name, IReadOnlyList<string> patterns)
    {
        if (patterns.Count == 0)
            return;
        writer.WriteStartArray(name);
        foreach (var pattern in patterns)
        {
            // A node refuses the whole token for one bad pattern, and says so in its log alone.
            if (!RoomPattern.IsValid(pattern))
                throw CliException.Usage($"--{name}: '{pattern}' is no room pattern.", "Room names have A-Z a-z 0-9 . _ : @ = -, and * stands for any run of them. In a shell, quote it.");
            writer.WriteStringValue(pattern);
        }

        writer.WriteEndArray();
    }
}
