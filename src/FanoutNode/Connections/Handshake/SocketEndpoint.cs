using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;

namespace Fanout.Node.Connections.Handshake;

/// <summary><c>GET /ws</c> as an ordinary endpoint. HttpContext ends here: what lies behind knows a stream and an acceptance.</summary>
internal sealed class SocketEndpoint(HandshakeValidator validator, SessionRunner runner)
{
    // RFC 6455, section 1.3.
    private const string AcceptGuid = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

    public async Task HandleAsync(HttpContext context)
    {
        var extendedConnect = context.Features.Get<IHttpExtendedConnectFeature>() is { IsExtendedConnect: true, Protocol: "websocket" } connect
            ? connect
            : null;
        var request = ReadRequest(context, extendedConnect is not null);
        var (accepted, refused) = await validator.CheckAsync(request);
        if (refused is null && extendedConnect is null && context.Features.Get<IHttpUpgradeFeature>() is not { IsUpgradableRequest: true })
            refused = new HandshakeRefusal(426, "An upgrade needs HTTP/1.1 or an extended CONNECT.", ("Upgrade", "websocket"));
        if (refused is not null)
        {
            await RefuseAsync(context, refused);
            return;
        }

        // A slow reader is our backlog's business (close code 4001); Kestrel would reset the connection without a word.
        if (context.Features.Get<IHttpMinResponseDataRateFeature>() is { } rate)
            rate.MinDataRate = null;
        if (accepted!.EchoedProtocol is { } protocol)
            context.Response.Headers.SecWebSocketProtocol = protocol;

        Stream stream;
        if (extendedConnect is not null)
        {
            stream = await extendedConnect.AcceptAsync();
        }
        else
        {
            context.Response.Headers.Upgrade = "websocket";
            context.Response.Headers.SecWebSocketAccept = AcceptKey(request.Key!);
            stream = await context.Features.GetRequiredFeature<IHttpUpgradeFeature>().UpgradeAsync();
        }

        await runner.RunAsync(accepted, stream);
    }

    private static HandshakeRequest ReadRequest(HttpContext context, bool isExtendedConnect)
    {
        var headers = context.Request.Headers;
        return new HandshakeRequest
        {
            IsExtendedConnect = isExtendedConnect,
            Upgrade = headers.Upgrade,
            Connection = headers.Connection,
            Version = headers.SecWebSocketVersion,
            Key = headers.SecWebSocketKey,
            Protocols = headers.SecWebSocketProtocol,
            Origin = headers.Origin,
            Host = headers.Host,
            Authorization = headers.Authorization,
            Query = context.Request.QueryString.Value ?? "",
            RemoteAddress = context.Connection.RemoteIpAddress,
        };
    }

    private static Task RefuseAsync(HttpContext context, HandshakeRefusal refusal)
    {
        if (refusal.Header is var (name, value))
            context.Response.Headers[name] = value;
        return Results.Problem(statusCode: refusal.Status, detail: refusal.Title).ExecuteAsync(context);
    }

    // SHA-1 is what the RFC asks for: a proof that the server speaks WebSocket, not a secret.
#pragma warning disable CA5350
    private static string AcceptKey(string key) => Convert.ToBase64String(SHA1.HashData(Encoding.ASCII.GetBytes(key.Trim() + AcceptGuid)));
#pragma warning restore CA5350
}
