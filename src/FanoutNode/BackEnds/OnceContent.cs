using System.Net;
using System.Net.Http.Headers;

namespace Fanout.Node.BackEnds;

/// <summary>
/// A JSON body that can be sent once. The HTTP client sends a request again by itself when a kept connection ends before the answer; the
/// receiver may have read the first one, and what a request does must not be done twice.
/// </summary>
internal sealed class OnceContent : HttpContent
{
    private readonly ReadOnlyMemory<byte> _body;
    private int _sent;

    public OnceContent(ReadOnlyMemory<byte> body)
    {
        _body = body;
        Headers.ContentType = new MediaTypeHeaderValue("application/json");
    }

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => SerializeToStreamAsync(stream, context, CancellationToken.None);

    // Nothing of the second request has left the process here: its headers wait in a buffer for the body.
    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken) =>
        Interlocked.Exchange(ref _sent, 1) == 0
            ? stream.WriteAsync(_body, cancellationToken).AsTask()
            : throw new HttpRequestException(HttpRequestError.ResponseEnded, "the connection ended before the answer");

    protected override bool TryComputeLength(out long length)
    {
        length = _body.Length;
        return true;
    }
}
