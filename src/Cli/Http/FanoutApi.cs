using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Fanout.Cli.Running;

namespace Fanout.Cli.Http;

/// <summary>The HTTP API of a node (docs/protocol.md, section 15). What is no success ends the command, with words for its user.</summary>
internal sealed class FanoutApi : IDisposable
{
    private readonly Settings _settings;
    private readonly HttpClient _http;

    public FanoutApi(Settings settings)
    {
        _settings = settings;
        _http = new HttpClient(Handlers.Create(settings)) { Timeout = Timeout.InfiniteTimeSpan };
        _http.DefaultRequestHeaders.UserAgent.Add(new ProductInfoHeaderValue("fanout-cli", typeof(FanoutApi).Assembly.GetName().Version?.ToString(3)));
        if (settings.ApiKey is { } key)
        {
            if (key.Any(c => c is < ' ' or > '~'))
                throw CliException.Usage("The API key holds characters that no header can carry.", "Is there a line end in FANOUT_API_KEY?");
            _http.DefaultRequestHeaders.Add("X-Api-Key", key);
        }
    }

    public static string Room(string room) => $"/api/v1/rooms/{Escape(room)}";

    public static string User(string user) => $"/api/v1/users/{Escape(user)}";

    /// <summary>A path and the fields of its query that are there.</summary>
    public static string Query(string path, params ReadOnlySpan<(string Name, string? Value)> fields)
    {
        var query = new StringBuilder(path);
        var separator = '?';
        foreach (var (name, value) in fields)
        {
            if (value is null)
                continue;
            query.Append(separator).Append(name).Append('=').Append(Uri.EscapeDataString(value));
            separator = '&';
        }

        return query.ToString();
    }

    public Task<JsonElement> GetAsync(string path, CancellationToken cancellation) => SendAsync(new HttpRequestMessage(HttpMethod.Get, _settings.At(path)), cancellation);

    /// <summary>The element is undefined for an answer without a body.</summary>
    public Task<JsonElement> DeleteAsync(string path, CancellationToken cancellation) => SendAsync(new HttpRequestMessage(HttpMethod.Delete, _settings.At(path)), cancellation);

    public Task<JsonElement> PostAsync(string path, ReadOnlyMemory<byte> json, CancellationToken cancellation, params IEnumerable<(string Name, string? Value)> headers)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, _settings.At(path)) { Content = new ReadOnlyMemoryContent(json) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        foreach (var (name, value) in headers)
        {
            if (value is null)
                continue;
            if (value.Any(c => c is < ' ' or > '~'))
                throw CliException.Usage($"'{value}' cannot go into the header {name}: only ASCII can.");
            request.Headers.TryAddWithoutValidation(name, value);
        }

        return SendAsync(request, cancellation);
    }

    /// <summary>An answer as it is, whatever its status; only nobody's answer ends the command.</summary>
    public async Task<RawAnswer> RawAsync(HttpMethod method, string path, CancellationToken cancellation, ReadOnlyMemory<byte>? json = null)
    {
        using var request = new HttpRequestMessage(method, _settings.At(path));
        if (json is { } body)
        {
            request.Content = new ReadOnlyMemoryContent(body);
            request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        }

        return await ExchangeAsync(request, cancellation);
    }

    public void Dispose() => _http.Dispose();

    // Uri takes %2E for a dot and walks the path with it; a room that is named `.` is refused by the node, a user may be called so.
    private static string Escape(string name) => name is "." or ".."
        ? throw CliException.Usage($"'{name}' cannot be named in a URL.")
        : Uri.EscapeDataString(name);

    private async Task<JsonElement> SendAsync(HttpRequestMessage request, CancellationToken cancellation)
    {
        using (request)
        {
            var answer = await ExchangeAsync(request, cancellation);
            if ((int)answer.Status is < 200 or > 299)
                throw ApiFaults.Of(answer, _settings);
            if (answer.Body.Length == 0)
                return default;
            return answer.Json() ?? throw ApiFaults.NotFanout(answer, _settings);
        }
    }

    private async Task<RawAnswer> ExchangeAsync(HttpRequestMessage request, CancellationToken cancellation)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        deadline.CancelAfter(_settings.AnswerTimeout);
        try
        {
            using var response = await _http.SendAsync(request, deadline.Token);
            var body = await response.Content.ReadAsByteArrayAsync(deadline.Token);
            return new RawAnswer(response.StatusCode, body, response.Content.Headers.ContentType?.MediaType, response.Headers);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw NetworkFaults.NoAnswer(_settings);
        }
        catch (HttpRequestException e)
        {
            throw NetworkFaults.Of(e, _settings);
        }
    }
}

internal sealed record RawAnswer(HttpStatusCode Status, byte[] Body, string? MediaType, HttpResponseHeaders Headers)
{
    /// <summary>Null if the body is no JSON.</summary>
    public JsonElement? Json()
    {
        try
        {
            return JsonElement.Parse(Body);
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
