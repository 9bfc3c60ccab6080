using System.Globalization;
using Fanout.Node.Auth;
using Fanout.Node.Compression;
using Fanout.Node.Drain;
using Fanout.Node.Limits;
using Fanout.Node.Rooms;
using Fanout.Shared.Protocol;

namespace Fanout.Node.Connections.Handshake;

/// <summary>Decides over a handshake: whether it is one, whether the node takes it, from where it comes, and who it is.</summary>
/// <remarks>Refusals are plain HTTP, before the upgrade, so that the client sees a status and not a socket that dies.</remarks>
internal sealed class HandshakeValidator(
    IAuthenticator authenticator, OriginPolicy origins, DrainState drain, ConnectionAdmission admission, ClientAddress addresses, CompressionOptions compression)
{
    private const string SupportedVersion = "13";
    private const int KeyBytes = 16;

    /// <summary>1 is it an upgrade -> 2 may anybody come -> 3 from an allowed page -> 4 in which protocol -> 5 who.</summary>
    public async ValueTask<(HandshakeAcceptance? Accepted, HandshakeRefusal? Refused)> CheckAsync(HandshakeRequest request)
    {
        // 1
        if (!request.IsExtendedConnect && !request.IsEventStream && CheckUpgrade(request) is { } notAnUpgrade)
            return (null, notAnUpgrade);
        if (request.IsEcho)
            return (new HandshakeAcceptance(WireFormat.Json, null, Principal.Anonymous, [], Ticket: null) { IsEcho = true, Extension = ExtensionFor(request) }, null);

        // 2
        if (drain.IsDraining)
            return (null, new HandshakeRefusal(503, "This node is draining; connect again, to another node.", ("Retry-After", "1")));
        request = addresses.Apply(request);
        ConnectionTicket? ticket = null;
        // A node that is full of clients must still show its operator that it is.
        if (!request.IsConsole && admission.Enter(request.RemoteAddress, out ticket) is { } full)
            return (null, RefusalOf(full));

        var (accepted, refused) = await CheckClientAsync(request, ticket);
        if (accepted is null)
            ticket?.Release();
        return (accepted, refused);
    }

    private async ValueTask<(HandshakeAcceptance? Accepted, HandshakeRefusal? Refused)> CheckClientAsync(HandshakeRequest request, ConnectionTicket? ticket)
    {
        // 3
        if (!origins.IsAllowed(request.Origin, request.Host) && !(request.IsConsole && OriginPolicy.IsSameHost(request.Origin!, request.Host)))
            return (null, new HandshakeRefusal(403, "This origin is not allowed; see Fanout:Auth:AllowedOrigins."));

        // 4
        if (!OfferedProtocols.TryRead(request.Protocols, out var offered))
            return (null, new HandshakeRefusal(400, $"None of the offered subprotocols is known; offer {Subprotocols.Json} or {Subprotocols.MessagePack}."));

        // 5
        var token = BearerOf(request.Authorization) ?? offered.Token ?? HandshakeQuery.Get(request.Query, "access_token");
        var (outcome, principal) = await authenticator.AuthenticateAsync(token);
        if (principal is null)
            return (null, RefusalOf(outcome));
        // Operators have a socket of their own, so that it can be kept from the public port; and nobody else is let in there.
        if (principal.IsOperator != request.IsConsole)
            return (null, RefusalOf(AuthenticationOutcome.Refused));
        if (admission.EnterUser(ticket, principal.UserId) is { } tooMany)
            return (null, RefusalOf(tooMany));

        return RoomsOf(request, principal, out var problem) is { } rooms
            ? (new HandshakeAcceptance(offered.Format, offered.Echo, principal, rooms, ticket) { Extension = ExtensionFor(request) }, null)
            : (null, new HandshakeRefusal(400, problem!));
    }

    private static HandshakeRefusal RefusalOf(AdmissionRefusal refusal) =>
        new(refusal.Status, refusal.Text, ("Retry-After", refusal.RetryAfterSeconds.ToString(CultureInfo.InvariantCulture)));

    private static HandshakeRefusal RefusalOf(AuthenticationOutcome outcome) => outcome switch
    {
        AuthenticationOutcome.Revoked => new HandshakeRefusal(403, "An operator has disconnected this user, who may not come back yet."),
        AuthenticationOutcome.Unavailable => new HandshakeRefusal(503, "Tokens cannot be checked at the moment; try again.", ("Retry-After", "5")),
        _ => new HandshakeRefusal(401, "A valid token is needed.", ("WWW-Authenticate", "Bearer")),
    };

    private DeflateAgreement? ExtensionFor(HandshakeRequest request) => compression.Enabled || request.IsEcho ? DeflateOffer.Accept(request.Extensions) : null;

    private static HandshakeRefusal? CheckUpgrade(HandshakeRequest request)
    {
        if (!HasToken(request.Upgrade, "websocket") || !HasToken(request.Connection, "upgrade"))
            return new HandshakeRefusal(426, "This is a WebSocket endpoint: send an upgrade (RFC 6455, section 4.1).", ("Upgrade", "websocket"));
        if (request.Version != SupportedVersion)
            return new HandshakeRefusal(426, "Only WebSocket version 13 is spoken here.", ("Sec-WebSocket-Version", SupportedVersion));
        Span<byte> key = stackalloc byte[KeyBytes + 2];
        if (request.Key is null || !Convert.TryFromBase64String(request.Key, key, out var length) || length != KeyBytes)
            return new HandshakeRefusal(400, "Sec-WebSocket-Key must be 16 bytes in base64.");
        return null;
    }

    private static bool HasToken(string? header, string token)
    {
        foreach (var part in (header ?? "").Split(','))
        {
            if (part.Trim().Equals(token, StringComparison.OrdinalIgnoreCase))
                return true;
        }

        return false;
    }

    private static string? BearerOf(string? authorization) =>
        authorization?.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase) == true ? authorization[7..].Trim() : null;

    // Null where the query cannot be taken as it is.
    private static List<RequestedRoom>? RoomsOf(HandshakeRequest request, Principal principal, out string? problem)
    {
        problem = null;
        var rooms = HandshakeQuery.Get(request.Query, "rooms") is { } list ? RequestedRoom.ParseList(list) : [];
        if (rooms is null)
        {
            problem = $"'rooms' may name {RequestedRoom.MostInList} rooms.";
            return null;
        }

        // The user's own room needs no asking; a client that names it brings the position to resume from.
        if (principal.OwnRoom is { } own && !rooms.Exists(room => room.Name == own))
            rooms.Insert(0, new RequestedRoom(own, null, null));
        if (HandshakeQuery.Get(request.Query, "last") is not { } text)
            return rooms;
        if (RequestedRoom.TryReadLast(text, out var last) && last > 0)
            return rooms.ConvertAll(room => room is { Since: null, Last: null } ? room with { Last = last } : room);
        problem = "'last' is a number of messages, from 1 on.";
        return null;
    }
}
