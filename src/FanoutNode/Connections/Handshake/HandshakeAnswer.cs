using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.WebUtilities;

namespace Fanout.Node.Connections.Handshake;

/// <summary>What both ways of accepting a socket answer with.</summary>
internal static class HandshakeAnswer
{
    // RFC 6455, section 1.3.
    private const string AcceptGuid = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

    // SHA-1 is what the RFC asks for: a proof that the server speaks WebSocket, not a secret.
#pragma warning disable CA5350
    public static string AcceptKey(string key) => Convert.ToBase64String(SHA1.HashData(Encoding.ASCII.GetBytes(key.Trim() + AcceptGuid)));
#pragma warning restore CA5350

    public static string ReasonPhrase(int status) => ReasonPhrases.GetReasonPhrase(status);

    /// <summary>Problem details (RFC 9457) for a refusal.</summary>
    public static byte[] ProblemBody(HandshakeRefusal refusal)
    {
        using var buffer = new MemoryStream();
        using (var writer = new Utf8JsonWriter(buffer))
        {
            writer.WriteStartObject();
            writer.WriteString("type"u8, "urn:fanout:problem:handshake");
            writer.WriteString("title"u8, ReasonPhrase(refusal.Status));
            writer.WriteNumber("status"u8, refusal.Status);
            writer.WriteString("detail"u8, refusal.Title);
            writer.WriteEndObject();
        }

        return buffer.ToArray();
    }
}
