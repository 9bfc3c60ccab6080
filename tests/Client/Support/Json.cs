using System.Text.Json;
using System.Text.Json.Serialization;

namespace Fanout.Tests.Client.Support;

internal sealed record Chat(string Name, string Text);

internal sealed record Numbered(string From, int N);

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(Chat))]
[JsonSerializable(typeof(Numbered))]
[JsonSerializable(typeof(int))]
[JsonSerializable(typeof(int[]))]
[JsonSerializable(typeof(string))]
[JsonSerializable(typeof(JsonElement))]
internal sealed partial class Json : JsonSerializerContext;
