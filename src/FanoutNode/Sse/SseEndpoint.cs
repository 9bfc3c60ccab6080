using System.Globalization;
using Fanout.Node.Connections;
using Fanout.Node.Connections.Handshake;
using Fanout.Node.Limits;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;

namespace Fanout.Node.Sse;

/// <summary><c>GET /sse</c>: the messages of a connection as server-sent events. HttpContext ends here, as in <see cref="SocketEndpoint"/>.</summary>
internal sealed class SseEndpoint(
    HandshakeValidator validator, SessionRunner runner, CrossOrigin crossOrigin, RetryHints retries, DeadPeers deadPeers, LimitsOptions limits, TimeProvider time)
{
    public const string Path = "/sse";

    private const string ContentType = "text/event-stream";

    // The node takes 32 KB of headers (Kestrel's default), and a client that comes back sends its id in one of them, beside token and cookies.
    private const int LongestId = 24 * 1024;

    public Task AnswerPreflightAsync(HttpContext context)
    {
        crossOrigin.AnswerPreflight(context, SseRequest.Read(context).Handshake);
        return Task.CompletedTask;
    }

    /// <summary>1 is it a request for a stream -> 2 may it come in -> 3 into which rooms, from where -> 4 stream.</summary>
    public async Task HandleAsync(HttpContext context)
    {
        var request = SseRequest.Read(context);
        crossOrigin.Apply(context, request.Handshake);

        // 1
        if (request.LastEventId is not { } lastEventId)
        {
            await RefuseAsync(context, new HandshakeRefusal(400, "Last-Event-ID is no id of an event of this service; leave it out to begin live."));
            return;
        }

        if (lastEventId.StayAway is not null)
        {
            // The one status that a browser takes for "do not come back", without showing a fault.
            context.Response.StatusCode = StatusCodes.Status204NoContent;
            return;
        }

        // 2
        var (accepted, refused) = await validator.CheckAsync(request.Handshake);
        try
        {
            // 3
            if (accepted is not null)
                (accepted, refused) = Prepare(accepted, request, lastEventId);

            // 4
            if (refused is null)
                await StreamAsync(context, accepted!);
            else
                await RefuseAsync(context, refused);
        }
        finally
        {
            accepted?.Ticket?.Release();
        }
    }

    // The acceptance is given back in any case, for the ticket that it holds.
    private (HandshakeAcceptance Accepted, HandshakeRefusal? Refused) Prepare(HandshakeAcceptance accepted, SseRequest request, LastEventId lastEventId)
    {
        // A handshake forgives a clock that is wrong, but a browser comes back with the token whose end has just closed its stream, and could
        // not know better until it is refused.
        if (accepted.Principal.ExpiresAt <= time.GetUtcNow())
            return (accepted, new HandshakeRefusal(401, "The token has ended.", ("WWW-Authenticate", "Bearer")));
        var rooms = request.Ask(lastEventId.Resume(accepted.Rooms, request.NamesRooms, accepted.Principal.OwnRoom), out var problem);
        if (problem is not null)
            return (accepted, new HandshakeRefusal(400, problem));
        var most = limits.MaxRoomsPerConnection > 0 ? limits.MaxRoomsPerConnection + 1 : int.MaxValue;
        if (StreamPositions.LongestId(rooms.OrderByDescending(room => room.Name.Length).Take(most)) > LongestId)
            return (accepted, new HandshakeRefusal(400, $"The positions in so many rooms could exceed {LongestId} bytes, too many for Last-Event-ID; take several streams, or a socket."));
        return (accepted with { Rooms = rooms }, null);
    }

    private async Task StreamAsync(HttpContext context, HandshakeAcceptance accepted)
    {
        // A slow reader is our backlog's business (close code 4001); Kestrel would reset the connection without a word.
        if (context.Features.Get<IHttpMinResponseDataRateFeature>() is { } rate)
            rate.MinDataRate = null;
        deadPeers.Watch(context);
        await BeginAsync(context);

        SseOutbound? outbound = null;
        try
        {
            await runner.ListenAsync(accepted, Open, context.Abort, context.RequestAborted);
        }
        finally
        {
            if (outbound is not null)
                await outbound.Released;
        }

        Outbound Open(Connection connection, OutboundLimits bounds)
        {
            var events = new EventWriter(
                new StreamPositions(accepted.Rooms),
                retries.Ordinary(),
                () => connection.Close(Shared.Protocol.CloseCode.InternalError, "a room could not be joined; come back after a while"));
            return outbound = new SseOutbound(connection, context.Response.BodyWriter, events, bounds);
        }
    }

    private static Task BeginAsync(HttpContext context)
    {
        var headers = context.Response.Headers;
        headers.ContentType = ContentType;
        headers.CacheControl = "no-cache, no-transform";
        // nginx and what follows its ways pass each event on at once.
        headers["X-Accel-Buffering"] = "no";
        context.Features.GetRequiredFeature<IHttpResponseBodyFeature>().DisableBuffering();
        return context.Response.StartAsync(context.RequestAborted);
    }

    private static async Task RefuseAsync(HttpContext context, HandshakeRefusal refusal)
    {
        context.Response.Headers.CacheControl = "no-store";
        if (refusal is { Status: 429 or 503, Header: ("Retry-After", var seconds) } && IsEventSource(context.Request))
        {
            await BeginAsync(context);
            EventWriter.WriteRefusal(
                context.Response.BodyWriter, refusal.Status, refusal.Title, RetryHints.AfterRefusal(int.Parse(seconds, CultureInfo.InvariantCulture)));
            await context.Response.BodyWriter.FlushAsync();
            return;
        }

        await SocketEndpoint.RefuseAsync(context, refusal);
    }

    // A browser's EventSource takes any status but 200 for the end of it, and would stay away from a node that was only full. Browsers alone
    // send Sec-Fetch-Mode; everybody else can read a status.
    private static bool IsEventSource(HttpRequest request) =>
        request.Headers.ContainsKey("Sec-Fetch-Mode") && request.Headers.Accept.ToString().Contains(ContentType, StringComparison.OrdinalIgnoreCase);
}
