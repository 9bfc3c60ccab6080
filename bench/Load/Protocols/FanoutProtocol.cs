using Fanout.Bench.Load.Sockets;

namespace Fanout.Bench.Load.Protocols;

/// <summary>Fanout's own, JSON frames. Publishes carry no id: nobody waits for an acknowledgement, like with the peers.</summary>
internal sealed class FanoutProtocol : Protocol
{
    public const string ApiKey = "bench-key";

    public override string Path(ClientPlan plan) => plan.Room is null ? "/ws" : $"/ws?rooms={plan.Room}";

    public override bool OnHandshake(Client client, ReadOnlySpan<byte> payload) =>
        client.Plan.Room is null || payload.StartsWith("{\"type\":\"joined\""u8);

    public override PublishTemplate Publish(string room, int payloadBytes) =>
        new($$"""{"type":"publish","room":"{{room}}","payload":""" + "\"", "\"}", payloadBytes);

    public override PublishTemplate HttpPublish(string room, int payloadBytes) =>
        PublishTemplate.Post($"/api/v1/rooms/{room}/messages", $"X-Api-Key: {ApiKey}\r\n", payloadBytes);
}
