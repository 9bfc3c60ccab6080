using System.Text.Json.Nodes;

namespace Fanout.Tests.TestKit.Clients;

/// <summary>Short reads of a message's fields.</summary>
public static class JsonMessageExtensions
{
    /// <summary>A string field; null when it is absent or no string.</summary>
    public static string? Text(this JsonObject message, string name) =>
        message[name] is JsonValue value && value.TryGetValue(out string? text) ? text : null;

    /// <summary>An integer field, whichever codec it came by; null when it is absent or no integer.</summary>
    public static long? Integer(this JsonObject message, string name) =>
        message[name] is JsonValue value && value.TryGetValue(out long number) ? number : null;

    public static bool? Flag(this JsonObject message, string name) =>
        message[name] is JsonValue value && value.TryGetValue(out bool flag) ? flag : null;

    /// <summary>The payload, which must be an object.</summary>
    public static JsonObject Payload(this JsonObject message) =>
        message["payload"] as JsonObject ?? throw new InvalidOperationException($"No object as payload in {message.ToJsonString()}");

    public static long? Offset(this JsonObject message) => message.Integer("offset");
}
