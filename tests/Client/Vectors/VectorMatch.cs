using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Fanout.Tests.Client.Vectors;

/// <summary>Expectations of a vector: every field must be there and fit; null: must not be there; ?x: anything, remembered; $x: the same again.</summary>
internal sealed partial class VectorMatch
{
    private readonly Dictionary<string, JsonNode> _names = [];

    public void Match(JsonNode? actual, JsonNode? expected, string path)
    {
        if (expected is JsonValue value && value.TryGetValue(out string? text) && text.StartsWith('?'))
            _names[text[1..]] = actual?.DeepClone() ?? throw new InvalidOperationException($"{path} is missing.");
        else if (expected is null)
            Require(actual is null, path, actual, "nothing");
        else if (expected is JsonObject fields)
            MatchFields(actual as JsonObject, fields, path);
        else
            Require(JsonNode.DeepEquals(actual, Filled(expected)), path, actual, Filled(expected)!.ToJsonString());
    }

    /// <summary><c>$x</c> by what was bound to it.</summary>
    public JsonNode? Filled(JsonNode? node) => node switch
    {
        JsonObject map => new JsonObject(map.Select(field => KeyValuePair.Create(field.Key, Filled(field.Value)))),
        JsonArray items => new JsonArray([.. items.Select(Filled)]),
        JsonValue value when value.TryGetValue(out string? text) && Name().IsMatch(text) && _names.TryGetValue(text[1..], out var bound) => bound.DeepClone(),
        _ => node?.DeepClone(),
    };

    private void MatchFields(JsonObject? actual, JsonObject expected, string path)
    {
        if (actual is null)
            throw new InvalidOperationException($"{path} is missing or no object.");
        foreach (var (name, part) in expected)
            Match(actual[name], part, $"{path}.{name}");
    }

    private static void Require(bool fits, string path, JsonNode? actual, string expected)
    {
        if (!fits)
            throw new InvalidOperationException($"{path} is {actual?.ToJsonString() ?? "missing"}, not {expected}.");
    }

    [GeneratedRegex(@"^\$[a-z]\w*$")]
    private static partial Regex Name();
}
