using System.Text.Json.Nodes;
using Fanout.Tests.TestKit.Api;
using Fanout.Tests.TestKit.Clients;
using Fanout.Tests.TestKit.Nodes;

namespace Fanout.Tests.Integration.Console;

/// <summary>What the console's page does: exchange a key for a token, and connect with it.</summary>
internal static class ConsoleClient
{
    public const string Path = "/console/ws";

    public static async Task<ApiResponse> SessionAsync(Uri node, string? apiKey)
    {
        using var api = new ApiClient(node, apiKey);
        return await api.SendAsync(HttpMethod.Post, "/console/session");
    }

    public static async Task<string> TokenAsync(Uri node, string? apiKey = NodeOptions.ApiKey) => (await SessionAsync(node, apiKey)).Ok.Text("token")!;

    public static Task<TestClient> ConnectAsync(Uri node, string? token, string path = Path, string? origin = null) => TestClient.ConnectAsync(node, new TestClientOptions
    {
        Path = path,
        Token = token,
        TokenIn = TokenPlace.Subprotocol,
        Headers = origin is null ? new Dictionary<string, string?>() : new Dictionary<string, string?> { ["Origin"] = origin },
    });

    /// <summary>The next report of a node that fits.</summary>
    public static async Task<JsonObject> ReportAsync(this TestClient client, string node, Func<JsonObject, bool>? fits = null, TimeSpan? deadline = null) =>
        (await client.ExpectAsync(
            message => message.Text("type") == "message" && message.Text("room") == "$ops" && message.Payload().Text("name") == node && fits?.Invoke(message.Payload()) != false,
            $"a report of {node}",
            deadline)).Payload();
}
