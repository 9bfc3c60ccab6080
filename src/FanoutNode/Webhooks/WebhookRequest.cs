using System.Globalization;
using Fanout.Node.BackEnds;

namespace Fanout.Node.Webhooks;

/// <summary>What became of one request to a receiver.</summary>
/// <param name="Error">Null: it took the events.</param>
/// <param name="IsRefusal">The receiver works, and does not want these events: trying long is no use.</param>
/// <param name="RetryAfter">What it asked for.</param>
internal readonly record struct WebhookReply(string? Error, bool IsRefusal = false, TimeSpan? RetryAfter = null);

/// <summary>Posts events to a receiver. Anything in 2xx means that it has them.</summary>
internal sealed class WebhookRequest(WebhookEndpoint endpoint, TimeProvider time) : IDisposable
{
    private readonly HttpMessageInvoker _http = BackEndHttp.Create(endpoint.Options.Timeout, maxConnections: 1);
    private readonly RequestSigner _signer = new(endpoint.Options.Secret);
    private readonly Uri _url = new(endpoint.Options.Url);

    /// <summary>Sends once. Never throws but for the end of the node.</summary>
    /// <param name="attempt">From 1 on.</param>
    public async Task<WebhookReply> SendAsync(IReadOnlyList<QueuedEvent> events, int attempt, CancellationToken stopping)
    {
        using var late = new CancellationTokenSource(endpoint.Options.Timeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, stopping);
        try
        {
            var body = WebhookEvents.WriteBatch(events);
            using var message = new HttpRequestMessage(HttpMethod.Post, _url) { Content = new OnceContent(body) };
            message.Headers.TryAddWithoutValidation("User-Agent", "Fanout");
            message.Headers.TryAddWithoutValidation("Fanout-Webhook", endpoint.Name);
            message.Headers.TryAddWithoutValidation("Fanout-Attempt", attempt.ToString(CultureInfo.InvariantCulture));
            message.Headers.TryAddWithoutValidation(RequestSigner.HeaderName, _signer.Sign(time.GetUtcNow(), body.Span));
            using var response = await _http.SendAsync(message, either.Token);
            return Judge(response);
        }
        catch (OperationCanceledException) when (!stopping.IsCancellationRequested)
        {
            return new WebhookReply(string.Create(CultureInfo.InvariantCulture, $"no answer in {endpoint.Options.Timeout.TotalSeconds} s"));
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            return new WebhookReply(e.Message);
        }
    }

    public void Dispose() => _http.Dispose();

    private WebhookReply Judge(HttpResponseMessage response)
    {
        if (response.IsSuccessStatusCode)
            return default;
        var status = (int)response.StatusCode;
        var retryAfter = response.Headers.RetryAfter is { } header ? header.Delta ?? header.Date - time.GetUtcNow() : null;
        // These speak of what was sent. All others, 401 and 404 too, speak of a receiver that is set up wrong, and may be right in an hour.
        return new WebhookReply(string.Create(CultureInfo.InvariantCulture, $"it answered {status}"), status is 400 or 413 or 422, retryAfter);
    }
}
