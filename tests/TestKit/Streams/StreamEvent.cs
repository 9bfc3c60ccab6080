using System.Text.Json.Nodes;

namespace Fanout.Tests.TestKit.Streams;

/// <summary>One event as a browser would dispatch it.</summary>
/// <param name="Name">The event's name; <c>message</c> where it has none.</param>
/// <param name="Id">Of its own <c>id</c> line; null where it has none.</param>
/// <param name="LastEventId">What a browser would send after it.</param>
/// <param name="Data">Its data lines, joined by line feeds.</param>
public sealed record StreamEvent(string Name, string? Id, string LastEventId, string Data)
{
    /// <summary>The data as the protocol's message.</summary>
    public JsonObject Message { get; } = JsonNode.Parse(Data)!.AsObject();
}
