using System.Text.Json;
using System.Text.Json.Nodes;

namespace Fanout.Tests.TestKit.Clients.Wire;

/// <summary>Copies a node, since one node cannot sit in two messages. Unlike DeepClone it leaves binary binary.</summary>
internal static class NodeCopy
{
    public static JsonNode? Of(JsonNode? node) =>
        node switch
        {
            null => null,
            JsonObject map => new JsonObject(map.Select(field => KeyValuePair.Create(field.Key, Of(field.Value)))),
            JsonArray array => new JsonArray([.. array.Select(Of)]),
            JsonValue value when value.TryGetValue(out JsonElement _) => value.DeepClone(),
            JsonValue value when value.TryGetValue(out byte[]? binary) => JsonValue.Create(binary),
            JsonValue value when value.TryGetValue(out MsgpackRaw? raw) => JsonValue.Create(raw),
            _ => node.DeepClone(),
        };
}
