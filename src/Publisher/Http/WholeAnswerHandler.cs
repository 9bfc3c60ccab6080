namespace Fanout.Publisher.Http;

/// <summary>
/// An answer is there when its last byte is: read here, its body counts for the timeouts, and one that is cut off is a failure that can be
/// repeated. HttpClient would read it behind the pipeline, where nothing ends the waiting.
/// </summary>
internal sealed class WholeAnswerHandler(HttpMessageHandler inner) : DelegatingHandler(inner)
{
    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var response = await base.SendAsync(request, cancellationToken);
        try
        {
            // Kept by the content for whoever reads it again.
            await response.Content.ReadAsByteArrayAsync(cancellationToken);
            return response;
        }
        catch (IOException e)
        {
            response.Dispose();
            throw new HttpRequestException($"The answer was cut off: {e.Message}", e);
        }
        catch
        {
            response.Dispose();
            throw;
        }
    }
}
