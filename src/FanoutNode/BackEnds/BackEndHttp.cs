using System.Diagnostics;

namespace Fanout.Node.BackEnds;

/// <summary>How this node speaks HTTP to the back ends of its operator.</summary>
internal static class BackEndHttp
{
    // A back end that moves to another address is found again after so long.
    private static readonly TimeSpan ConnectionLifetime = TimeSpan.FromMinutes(2);

    // Shorter than servers keep theirs, so that a connection is seldom found closed.
    private static readonly TimeSpan IdleTimeout = TimeSpan.FromSeconds(30);

    /// <summary>A client for one back end; nobody else's connections are in its pool, and no time limit but the caller's.</summary>
    /// <param name="maxConnections">0: any number.</param>
    /// <param name="hasOwnSpans">The caller makes the span of each call, and names it in the header by itself.</param>
    public static HttpMessageInvoker Create(TimeSpan connectTimeout, int maxConnections, bool hasOwnSpans = false) =>
        new(new SocketsHttpHandler
        {
            // The operator named this URL and no other, and the signed body is for it alone.
            AllowAutoRedirect = false,
            UseCookies = false,
            ConnectTimeout = connectTimeout,
            PooledConnectionLifetime = ConnectionLifetime,
            PooledConnectionIdleTimeout = IdleTimeout,
            MaxConnectionsPerServer = maxConnections > 0 ? maxConnections : int.MaxValue,
            ActivityHeadersPropagator = hasOwnSpans ? null : DistributedContextPropagator.Current,
        });

    /// <summary>Reads a body as long as it is not longer than wanted; null for a longer one.</summary>
    public static async Task<byte[]?> ReadBodyAsync(HttpContent content, int maxBytes, CancellationToken cancellation)
    {
        if (content.Headers.ContentLength > maxBytes)
            return null;
        await using var stream = await content.ReadAsStreamAsync(cancellation);
        using var body = new MemoryStream();
        var buffer = new byte[Math.Min(maxBytes + 1, 16 * 1024)];
        while (true)
        {
            var read = await stream.ReadAsync(buffer, cancellation);
            if (read == 0)
                return body.ToArray();
            if (body.Length + read > maxBytes)
                return null;
            body.Write(buffer, 0, read);
        }
    }

    /// <summary>The URL as it may be shown: without a query and a user's name, which can hold secrets.</summary>
    public static string Shown(string url) => Uri.TryCreate(url, UriKind.Absolute, out var uri) && uri.Host.Length > 0
        ? uri.GetComponents(UriComponents.SchemeAndServer | UriComponents.Path, UriFormat.UriEscaped)
        : url.Split('?')[0];
}
