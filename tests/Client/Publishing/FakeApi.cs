using System.Collections.Concurrent;
using System.Net;
using System.Text;
using System.Text.Json.Nodes;

namespace Fanout.Tests.Client.Publishing;

/// <summary>An HTTP API whose answers belong to the test; by default it takes everything.</summary>
internal sealed class FakeApi : HttpMessageHandler
{
    private readonly ConcurrentQueue<Func<JsonArray, Task<HttpResponseMessage>>> _answers = [];

    /// <summary>The bodies of all requests, as they came.</summary>
    public ConcurrentQueue<string> Bodies { get; } = [];

    public ConcurrentQueue<DateTimeOffset> Times { get; } = [];

    public string? ApiKey { get; private set; }

    /// <summary>How the next request is answered that nobody has an answer for.</summary>
    public void Answer(Func<JsonArray, HttpResponseMessage> answer) => _answers.Enqueue(items => Task.FromResult(answer(items)));

    public void Answer(Func<JsonArray, Task<HttpResponseMessage>> answer) => _answers.Enqueue(answer);

    public static HttpResponseMessage Problem(HttpStatusCode status, string code, bool retryable) =>
        Json(status, ProblemOf(status, code, retryable));

    public static JsonObject ProblemOf(HttpStatusCode status, string code, bool retryable) => new()
    {
        ["type"] = "urn:fanout:problem:" + code,
        ["title"] = "No",
        ["status"] = (int)status,
        ["detail"] = "for people",
        ["code"] = code,
        ["retryable"] = retryable,
    };

    public static HttpResponseMessage Results(params JsonNode[] results) => Json(HttpStatusCode.OK, new JsonObject { ["results"] = new JsonArray(results) });

    public static JsonObject Taken(JsonNode? item) =>
        new() { ["id"] = "m-" + item!["payload"]!.ToJsonString(), ["offset"] = 1, ["epoch"] = "E", ["nodes"] = 1 };

    public static HttpResponseMessage TakeAll(JsonArray items) => Results([.. items.Select(Taken)]);

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var body = await request.Content!.ReadAsStringAsync(cancellationToken);
        ApiKey = request.Headers.GetValues("X-Api-Key").Single();
        Bodies.Enqueue(body);
        Times.Enqueue(DateTimeOffset.UtcNow);
        var items = JsonNode.Parse(body)!.AsArray();
        return _answers.TryDequeue(out var answer) ? await answer(items).WaitAsync(cancellationToken) : TakeAll(items);
    }

    private static HttpResponseMessage Json(HttpStatusCode status, JsonNode body) =>
        new(status) { Content = new StringContent(body.ToJsonString(), Encoding.UTF8, "application/json") };
}
