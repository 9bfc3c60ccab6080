using System.IO.Pipelines;
using Fanout.Node.Connections.FastLane;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;

namespace Fanout.Node.Connections.Handshake;

/// <summary><c>GET /ws</c>, the console's socket, and <c>/echo</c> under test, as an ordinary endpoint. HttpContext ends here: what lies behind knows a stream and an acceptance.</summary>
internal sealed class SocketEndpoint(HandshakeValidator validator, SessionRunner runner)
{
    /// <summary>Where operators connect.</summary>
    public const string ConsolePath = "/console/ws";

    // An idle socket costs its read buffer only while bytes come (zero-byte reads wait without one).
    private static readonly StreamPipeReaderOptions ReaderOptions = new(bufferSize: 4096, minimumReadSize: 1024, leaveOpen: true, useZeroByteReads: true);

    public async Task HandleAsync(HttpContext context)
    {
        var extendedConnect = context.Features.Get<IHttpExtendedConnectFeature>() is { IsExtendedConnect: true, Protocol: "websocket" } connect
            ? connect
            : null;
        var request = ReadRequest(context, extendedConnect is not null);
        var (accepted, refused) = await validator.CheckAsync(request);
        if (accepted is not null && extendedConnect is null && context.Features.Get<IHttpUpgradeFeature>() is not { IsUpgradableRequest: true })
        {
            accepted.Ticket?.Release();
            refused = new HandshakeRefusal(426, "An upgrade needs HTTP/1.1 or an extended CONNECT.", ("Upgrade", "websocket"));
        }

        if (refused is not null)
        {
            await RefuseAsync(context, refused);
            return;
        }

        try
        {
            await ServeAsync(context, extendedConnect, request, accepted!);
        }
        finally
        {
            // Where the answer failed, nobody else gives it back.
            accepted!.Ticket?.Release();
        }
    }

    private async Task ServeAsync(HttpContext context, IHttpExtendedConnectFeature? extendedConnect, HandshakeRequest request, HandshakeAcceptance accepted)
    {
        // A slow reader is our backlog's business (close code 4001); Kestrel would reset the connection without a word.
        if (context.Features.Get<IHttpMinResponseDataRateFeature>() is { } rate)
            rate.MinDataRate = null;
        if (accepted.EchoedProtocol is { } protocol)
            context.Response.Headers.SecWebSocketProtocol = protocol;
        if (accepted.Extension is { } extension)
            context.Response.Headers.SecWebSocketExtensions = extension.Answer;

        Stream stream;
        if (extendedConnect is not null)
        {
            stream = await extendedConnect.AcceptAsync();
        }
        else
        {
            context.Response.Headers.Upgrade = "websocket";
            context.Response.Headers.SecWebSocketAccept = HandshakeAnswer.AcceptKey(request.Key!);
            stream = await context.Features.GetRequiredFeature<IHttpUpgradeFeature>().UpgradeAsync();
        }

        var input = PipeReader.Create(stream, ReaderOptions);
        await runner.RunAsync(accepted, input, (connection, bounds) => new StreamOutbound(connection, stream, bounds), input.CancelPendingRead, firstBytes: default);
        await input.CompleteAsync();
    }

    private static HandshakeRequest ReadRequest(HttpContext context, bool isExtendedConnect)
    {
        var headers = context.Request.Headers;
        return new HandshakeRequest
        {
            IsExtendedConnect = isExtendedConnect,
            // Mapped, and so seen here, only where it is switched on.
            IsEcho = context.Request.Path.StartsWithSegments(UpgradeRequestReader.EchoPath),
            // Routing takes a slash at the end for nothing, and brings no other path here.
            IsConsole = context.Request.Path.StartsWithSegments(ConsolePath),
            Upgrade = headers.Upgrade,
            Connection = headers.Connection,
            Version = headers.SecWebSocketVersion,
            Key = headers.SecWebSocketKey,
            Extensions = headers.SecWebSocketExtensions,
            Protocols = headers.SecWebSocketProtocol,
            Origin = headers.Origin,
            Host = headers.Host,
            Authorization = headers.Authorization,
            ForwardedFor = headers["X-Forwarded-For"],
            ForwardedHost = headers["X-Forwarded-Host"],
            Query = context.Request.QueryString.Value ?? "",
            RemoteAddress = context.Connection.RemoteIpAddress,
        };
    }

    internal static async Task RefuseAsync(HttpContext context, HandshakeRefusal refusal)
    {
        if (refusal.Header is var (name, value))
            context.Response.Headers[name] = value;
        context.Response.StatusCode = refusal.Status;
        context.Response.ContentType = "application/problem+json";
        await context.Response.Body.WriteAsync(HandshakeAnswer.ProblemBody(refusal));
    }
}
