using Fanout.Bench.Load.Sockets;

namespace Fanout.Bench.Load.Protocols;

/// <summary>The JSON that the hand-written peers speak (plain ASP.NET, node ws): the room in the query, "joined", then messages.</summary>
internal sealed class PlainProtocol : Protocol
{
    public override string Path(ClientPlan plan) => plan.Room is null ? "/ws" : $"/ws?room={plan.Room}";

    public override bool OnHandshake(Client client, ReadOnlySpan<byte> payload) => payload.IndexOf("\"joined\""u8) >= 0;

    public override PublishTemplate Publish(string room, int payloadBytes) =>
        new($$"""{"type":"publish","room":"{{room}}","payload":""" + "\"", "\"}", payloadBytes);

    public override PublishTemplate HttpPublish(string room, int payloadBytes) =>
        PublishTemplate.Post($"/rooms/{room}", "", payloadBytes);
}
