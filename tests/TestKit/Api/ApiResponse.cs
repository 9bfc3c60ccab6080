using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Fanout.Tests.TestKit.Api;

/// <summary>An answer of the HTTP API, whatever its status.</summary>
public sealed record ApiResponse(HttpStatusCode Status, string Text, HttpResponseHeaders Headers, string? ContentType)
{
    /// <summary>The body as JSON; null when it is empty or something else.</summary>
    public JsonNode? Body { get; } = TryParse(Text);

    public bool IsSuccess => (int)Status is >= 200 and < 300;

    /// <summary>The body, which must be an object that came with success.</summary>
    public JsonObject Ok => IsSuccess && Body is JsonObject body ? body : throw new HttpRequestException($"The API answered {this}");

    public override string ToString() => $"{(int)Status} {Text}";

    private static JsonNode? TryParse(string text)
    {
        try
        {
            return text.Length == 0 ? null : JsonNode.Parse(text);
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
