using Fanout.Node.Auth;
using Fanout.Node.Connections.Handshake;

namespace Fanout.Node.Sse;

/// <summary>Lets pages of allowed origins read a stream (CORS, in the Fetch standard), which a browser would else keep from them.</summary>
internal sealed class CrossOrigin(OriginPolicy origins, ClientAddress addresses)
{
    // How long a browser need not ask again before a request with headers.
    private const string AnHour = "3600";

    /// <summary>Writes the headers that every answer carries, refusals too: a page may see why it was refused.</summary>
    public void Apply(HttpContext context, HandshakeRequest request)
    {
        var headers = context.Response.Headers;
        // Caches must keep the answers to different origins apart.
        headers.Vary = "Origin";
        if (string.IsNullOrEmpty(request.Origin) || !IsAllowed(request))
            return;
        headers.AccessControlAllowOrigin = request.Origin;
        headers.AccessControlExposeHeaders = "Retry-After";
    }

    /// <summary>Answers a browser's question whether a page may ask with headers of its own. EventSource sends none, fetch can.</summary>
    public void AnswerPreflight(HttpContext context, HandshakeRequest request)
    {
        Apply(context, request);
        context.Response.StatusCode = StatusCodes.Status204NoContent;
        var headers = context.Response.Headers;
        headers.Allow = "GET, OPTIONS";
        if (headers.AccessControlAllowOrigin.Count == 0)
            return;
        headers.AccessControlAllowMethods = "GET";
        headers.AccessControlAllowHeaders = "Authorization, Cache-Control, Last-Event-ID";
        headers.AccessControlMaxAge = AnHour;
    }

    private bool IsAllowed(HandshakeRequest request)
    {
        var seen = addresses.Apply(request);
        return origins.IsAllowed(seen.Origin, seen.Host);
    }
}
