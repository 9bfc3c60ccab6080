using System.Text.Json;

namespace Fanout.Cli.Http;

/// <summary>Fields of an answer that may be absent.</summary>
internal static class JsonReading
{
    public static string? Text(this JsonElement element, string name) => element.Field(name) switch
    {
        { ValueKind: JsonValueKind.String } value => value.GetString(),
        { ValueKind: JsonValueKind.Number or JsonValueKind.True or JsonValueKind.False } value => value.GetRawText(),
        _ => null,
    };

    public static long? Number(this JsonElement element, string name) =>
        element.Field(name) is { ValueKind: JsonValueKind.Number } value && value.TryGetInt64(out var number) ? number : null;

    public static bool Flag(this JsonElement element, string name) => element.Field(name) is { ValueKind: JsonValueKind.True };

    /// <summary>The field's JSON as it came; null where it is absent.</summary>
    public static string? Raw(this JsonElement element, string name) =>
        element.Field(name) is { ValueKind: not JsonValueKind.Undefined } value ? value.GetRawText() : null;

    public static JsonElement.ArrayEnumerator Items(this JsonElement element, string name = "items") =>
        element.Field(name) is { ValueKind: JsonValueKind.Array } list ? list.EnumerateArray() : default;

    public static JsonElement Field(this JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var value) ? value : default;
}
