using System.Text.Json.Nodes;

namespace Fanout.Tests.TestKit.Clients;

/// <summary>The node answered a command with an error, where the test expected success.</summary>
public sealed class FanoutErrorException(JsonObject error) : Exception($"The node answered {error.ToJsonString()}")
{
    public JsonObject Error { get; } = error;

    public string? Code => (Error["payload"] as JsonObject)?.Text("code");
}
