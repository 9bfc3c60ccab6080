using Fanout.Node.Connections.Handshake;
using Fanout.Node.Rooms;

namespace Fanout.Node.Sse;

/// <summary>What a client asks of <c>/sse</c>.</summary>
/// <param name="Handshake">As the checks of a socket see it.</param>
/// <param name="LastEventId">From the header, else from the query, where a page can put it; null if it cannot be read.</param>
internal sealed record SseRequest(HandshakeRequest Handshake, LastEventId? LastEventId)
{
    /// <summary>Whether the query says which rooms.</summary>
    public bool NamesRooms => HandshakeQuery.Get(Handshake.Query, "rooms") is not null;

    public static SseRequest Read(HttpContext context)
    {
        var headers = context.Request.Headers;
        var query = context.Request.QueryString.Value ?? "";
        var handshake = new HandshakeRequest
        {
            IsEventStream = true,
            Origin = headers.Origin,
            Host = headers.Host,
            Authorization = headers.Authorization,
            ForwardedFor = headers["X-Forwarded-For"],
            ForwardedHost = headers["X-Forwarded-Host"],
            Query = query,
            RemoteAddress = context.Connection.RemoteIpAddress,
        };
        // A browser that comes back by itself has the newer one in the header.
        var id = headers["Last-Event-ID"].ToString();
        return new SseRequest(handshake, Sse.LastEventId.Parse(string.IsNullOrWhiteSpace(id) ? HandshakeQuery.Get(query, "lastEventId") : id));
    }

    /// <summary>Adds what a socket would ask for with <c>join</c>: presence notices.</summary>
    /// <param name="problem">What cannot be understood; null where all of it can.</param>
    public List<RequestedRoom> Ask(List<RequestedRoom> rooms, out string? problem)
    {
        problem = null;
        var noticed = (HandshakeQuery.Get(Handshake.Query, "presence") ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        foreach (var name in noticed)
        {
            if (!rooms.Exists(room => room.Name == name))
                problem = "'presence' names a room that is not among the rooms.";
        }

        return rooms.ConvertAll(room => room with { WantsPresence = noticed.Contains(room.Name) });
    }
}
