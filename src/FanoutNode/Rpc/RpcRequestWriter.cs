using System.Buffers;
using System.Diagnostics;
using System.Text.Json;
using Fanout.Node.Auth;

namespace Fanout.Node.Rpc;

/// <summary>One request of a client.</summary>
/// <param name="Id">Made by this node, for logs of both sides; the client's own id is known to its connection alone.</param>
/// <param name="Payload">JSON; empty where the client sent none.</param>
/// <param name="Trace">The trace that the client's request belongs to; null: it named none.</param>
internal sealed record RpcRequest(string Id, string Method, string ClientId, Principal Principal, ReadOnlyMemory<byte> Payload, ActivityContext? Trace = null);

/// <summary>Writes the body that a back end gets: one JSON object, all of it signed.</summary>
internal static class RpcRequestWriter
{
    public static ReadOnlyMemory<byte> Write(RpcRequest request)
    {
        var buffer = new ArrayBufferWriter<byte>(request.Payload.Length + 256);
        using (var writer = new Utf8JsonWriter(buffer, new JsonWriterOptions { SkipValidation = true }))
        {
            writer.WriteStartObject();
            writer.WriteString("id"u8, request.Id);
            writer.WriteString("method"u8, request.Method);
            writer.WriteString("clientId"u8, request.ClientId);
            if (request.Principal.UserId is { } user)
                writer.WriteString("userId"u8, user);
            if (request.Principal.Info is { } info)
            {
                writer.WritePropertyName("info"u8);
                writer.WriteRawValue(info.Bytes.Span, skipInputValidation: true);
            }

            if (!request.Payload.IsEmpty)
            {
                writer.WritePropertyName("payload"u8);
                writer.WriteRawValue(request.Payload.Span, skipInputValidation: true);
            }

            writer.WriteEndObject();
        }

        return buffer.WrittenMemory;
    }
}
