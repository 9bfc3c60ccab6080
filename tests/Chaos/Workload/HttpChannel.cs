using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Fanout.Tests.Chaos.Recordings;
using Fanout.Tests.TestKit.Clients;
using Fanout.Tests.TestKit.Nodes;

namespace Fanout.Tests.Chaos.Workload;

internal sealed class HttpChannel : IPublishChannel
{
    // Longer than a node waits for Redis, so that its own answer comes first unless the node is stopped.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(4);

    private readonly HttpClient _http = new(new SocketsHttpHandler { UseProxy = false }) { Timeout = Patience };

    public async Task<Attempt> PublishAsync(Uri node, string room, JsonObject payload, string key)
    {
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(node, $"/api/v1/rooms/{room}/messages"));
            request.Headers.Add("X-Api-Key", NodeOptions.ApiKey);
            request.Headers.Add("Idempotency-Key", key);
            request.Content = new StringContent(payload.ToJsonString(), Encoding.UTF8, new MediaTypeHeaderValue("application/json"));
            using var response = await _http.SendAsync(request);
            var text = await response.Content.ReadAsStringAsync();
            if (response.StatusCode is HttpStatusCode.ServiceUnavailable or HttpStatusCode.GatewayTimeout)
                return Attempt.Again;
            if (response.StatusCode != HttpStatusCode.OK)
                return new Attempt(null, null, $"HTTP {(int)response.StatusCode} {text}");
            return Read((JsonObject)JsonNode.Parse(text)!);
        }
        catch (Exception e) when (e is HttpRequestException or OperationCanceledException or IOException or JsonException)
        {
            return Attempt.Again;
        }
    }

    public ValueTask DisposeAsync()
    {
        _http.Dispose();
        return ValueTask.CompletedTask;
    }

    private static Attempt Read(JsonObject answer) => new(
        answer.Text("id"),
        answer.Text("epoch") is { } epoch && answer.Offset() is { } offset ? new Position(epoch, offset) : null,
        null);
}
