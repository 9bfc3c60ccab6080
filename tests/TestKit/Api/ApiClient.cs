using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Fanout.Tests.TestKit.Nodes;

namespace Fanout.Tests.TestKit.Api;

/// <summary>The HTTP API (DESIGN.md 4), call by call. Names are percent-encoded here; nothing throws for a status.</summary>
/// <param name="apiKey">Null sends none.</param>
public sealed class ApiClient(Uri baseUri, string? apiKey = NodeOptions.ApiKey) : IDisposable
{
    // No proxy of the environment stands between a test and its node.
    private readonly HttpClient _http = new(new SocketsHttpHandler { UseProxy = false, RequestHeaderEncodingSelector = (_, _) => Encoding.UTF8 }) { BaseAddress = baseUri };

    public Task<ApiResponse> PublishAsync(string room, JsonNode? payload, string? idempotencyKey = null, string? exclude = null) =>
        PublishRawAsync(room, payload?.ToJsonString() ?? "null", idempotencyKey, exclude);

    /// <summary>Publishes this very text, for tests that compare payloads byte for byte.</summary>
    public Task<ApiResponse> PublishRawAsync(string room, string payload, string? idempotencyKey = null, string? exclude = null) =>
        SendAsync(HttpMethod.Post, $"{Room(room)}/messages", payload, Headers(idempotencyKey, exclude));

    public Task<ApiResponse> PushAsync(string user, JsonNode? payload, string? idempotencyKey = null, string? exclude = null) =>
        SendAsync(HttpMethod.Post, $"{User(user)}/messages", payload?.ToJsonString() ?? "null", Headers(idempotencyKey, exclude));

    /// <param name="items">Objects with room or user, payload, and perhaps key and exclude.</param>
    public Task<ApiResponse> PublishBatchAsync(JsonArray items) => SendAsync(HttpMethod.Post, "/api/v1/messages", items.ToJsonString());

    public Task<ApiResponse> RoomsAsync(string? prefix = null, string? after = null, int? limit = null) =>
        GetAsync("/api/v1/rooms" + Query(("prefix", prefix), ("after", after), ("limit", Number(limit))));

    public Task<ApiResponse> RoomAsync(string room) => GetAsync(Room(room));

    public Task<ApiResponse> MembersAsync(string room, string? after = null, int? limit = null) =>
        GetAsync($"{Room(room)}/members" + Query(("after", after), ("limit", Number(limit))));

    /// <param name="query">More of the query, percent-encoded already.</param>
    public Task<ApiResponse> HistoryAsync(string room, string query = "") => GetAsync($"{Room(room)}/history{query}");

    public Task<ApiResponse> UserAsync(string user) => GetAsync(User(user));

    public Task<ApiResponse> DisconnectUserAsync(string user) => SendAsync(HttpMethod.Delete, $"{User(user)}/connections");

    public Task<ApiResponse> DisconnectAsync(string clientId) =>
        SendAsync(HttpMethod.Delete, $"/api/v1/connections/{Uri.EscapeDataString(clientId)}");

    public Task<ApiResponse> NodesAsync() => GetAsync("/api/v1/nodes");

    public Task<ApiResponse> GetAsync(string pathAndQuery) => SendAsync(HttpMethod.Get, pathAndQuery);

    /// <summary>Any call.</summary>
    public async Task<ApiResponse> SendAsync(
        HttpMethod method, string pathAndQuery, string? body = null, IReadOnlyDictionary<string, string>? headers = null)
    {
        using var request = new HttpRequestMessage(method, pathAndQuery);
        if (apiKey is not null)
            request.Headers.Add("X-Api-Key", apiKey);
        foreach (var (name, value) in headers ?? new Dictionary<string, string>())
            request.Headers.Add(name, value);
        if (body is not null)
            request.Content = new StringContent(body, Encoding.UTF8, "application/json");

        using var response = await Deadlines.RunAsync(cancelled => _http.SendAsync(request, cancelled), $"{method} {pathAndQuery}");
        var text = await response.Content.ReadAsStringAsync();
        return new ApiResponse(response.StatusCode, text, response.Headers, response.Content.Headers.ContentType?.MediaType);
    }

    /// <summary>Posts these very bytes.</summary>
    /// <param name="chunked">Without a length.</param>
    public async Task<ApiResponse> PostBytesAsync(
        string path, byte[] body, string? contentType = "application/json", bool chunked = false, IReadOnlyList<(string Name, string Value)>? headers = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = new ByteArrayContent(body) };
        request.Headers.TransferEncodingChunked = chunked;
        if (apiKey is not null)
            request.Headers.Add("X-Api-Key", apiKey);
        if (contentType is not null)
            request.Content.Headers.TryAddWithoutValidation("Content-Type", contentType);
        foreach (var (name, value) in headers ?? [])
        {
            if (!request.Headers.TryAddWithoutValidation(name, value))
                request.Content.Headers.TryAddWithoutValidation(name, value);
        }

        using var response = await Deadlines.RunAsync(cancelled => _http.SendAsync(request, cancelled), $"POST {path}");
        var text = await response.Content.ReadAsStringAsync();
        return new ApiResponse(response.StatusCode, text, response.Headers, response.Content.Headers.ContentType?.MediaType);
    }

    public void Dispose() => _http.Dispose();

    private static string Room(string room) => $"/api/v1/rooms/{Uri.EscapeDataString(room)}";

    private static string User(string user) => $"/api/v1/users/{Uri.EscapeDataString(user)}";

    private static string? Number(int? number) => number?.ToString(CultureInfo.InvariantCulture);

    private static Dictionary<string, string> Headers(string? idempotencyKey, string? exclude)
    {
        var headers = new Dictionary<string, string>();
        if (idempotencyKey is not null)
            headers["Idempotency-Key"] = idempotencyKey;
        if (exclude is not null)
            headers["Fanout-Exclude"] = exclude;
        return headers;
    }

    private static string Query(params (string Name, string? Value)[] fields)
    {
        var present = fields.Where(field => field.Value is not null).Select(field => $"{field.Name}={Uri.EscapeDataString(field.Value!)}");
        var query = string.Join('&', present);
        return query.Length == 0 ? "" : "?" + query;
    }
}
