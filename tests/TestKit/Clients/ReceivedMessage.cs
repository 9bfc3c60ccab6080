using System.Text;
using System.Text.Json.Nodes;

namespace Fanout.Tests.TestKit.Clients;

/// <summary>One message from the node: decoded, and as it was on the wire.</summary>
/// <param name="Frame">The whole frame's payload, untouched.</param>
/// <param name="RawPayload">The bytes of the field "payload" within <paramref name="Frame"/>, untouched; null when it is absent.</param>
/// <param name="ReceivedAt">By <see cref="System.Diagnostics.Stopwatch.GetTimestamp"/>.</param>
public sealed record ReceivedMessage(
    string Type, string? Room, JsonObject Json, ReadOnlyMemory<byte> Frame, ReadOnlyMemory<byte>? RawPayload, long ReceivedAt)
{
    /// <summary>The frame as text; for JSON only.</summary>
    public string Text => Encoding.UTF8.GetString(Frame.Span);

    /// <summary>The payload's own text, byte for byte; for JSON only.</summary>
    public string? RawPayloadText => RawPayload is { } raw ? Encoding.UTF8.GetString(raw.Span) : null;

    public override string ToString()
    {
        var text = Json.ToJsonString();
        return text.Length <= 300 ? text : $"{text[..300]}... ({Frame.Length} bytes)";
    }
}
