using System.Text.Json.Serialization;

namespace Fanout.Cli.Publishing;

[JsonSerializable(typeof(string))]
internal sealed partial class PublishJson : JsonSerializerContext;
