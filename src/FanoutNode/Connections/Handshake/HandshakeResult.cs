using Fanout.Node.Auth;
using Fanout.Node.Compression;
using Fanout.Node.Limits;
using Fanout.Node.Rooms;
using Fanout.Shared.Protocol;

namespace Fanout.Node.Connections.Handshake;

/// <summary>A plain HTTP answer instead of a socket.</summary>
/// <param name="Status">HTTP status.</param>
/// <param name="Title">What is wrong and what to do, for the developer at the other end.</param>
/// <param name="Header">A header that belongs to the status: <c>Upgrade</c>, <c>Retry-After</c>, …</param>
internal sealed record HandshakeRefusal(int Status, string Title, (string Name, string Value)? Header = null);

/// <summary>Everything that is known of a client when its handshake was accepted.</summary>
/// <param name="EchoedProtocol">The subprotocol to answer; null where the client offered none.</param>
/// <param name="Ticket">What it holds of the limits; whoever serves it gives it back in the end.</param>
/// <param name="Rooms">Rooms to join at once, with positions; the user's own room included.</param>
internal sealed record HandshakeAcceptance(
    WireFormat Format, string? EchoedProtocol, Principal Principal, IReadOnlyList<RequestedRoom> Rooms, ConnectionTicket? Ticket)
{
    /// <summary>What was agreed on of permessage-deflate; null where none was agreed.</summary>
    public DeflateAgreement? Extension { get; init; }

    /// <summary>Whether the messages are to be given back (<c>/echo</c>).</summary>
    public bool IsEcho { get; init; }
}
