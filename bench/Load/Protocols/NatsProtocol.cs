using System.Text;
using Fanout.Bench.Load.Sockets;

namespace Fanout.Bench.Load.Protocols;

/// <summary>NATS over its WebSocket listener; a room is a subject.</summary>
internal sealed class NatsProtocol : Protocol
{
    public override bool JoinsMessages => true;

    public override string Path(ClientPlan plan) => "/";

    public override bool OnHandshake(Client client, ReadOnlySpan<byte> payload)
    {
        if (client.Step == 0)
        {
            client.Step = 1;
            var subscribe = client.Plan.Room is null ? "" : $"SUB {client.Plan.Room} 1\r\n";
            client.SendFrame(
                ClientFrame.Binary,
                Encoding.ASCII.GetBytes("CONNECT {\"verbose\":false,\"pedantic\":false,\"echo\":true,\"lang\":\"bench\",\"version\":\"1\",\"protocol\":1}\r\n" + subscribe + "PING\r\n"));
        }

        return payload.IndexOf("PONG"u8) >= 0;
    }

    public override void OnOther(Client client, ReadOnlySpan<byte> payload)
    {
        if (payload.StartsWith("PING"u8))
            client.SendFrame(ClientFrame.Binary, "PONG\r\n"u8);
    }

    public override PublishTemplate Publish(string room, int payloadBytes) =>
        new($"PUB {room} {payloadBytes}\r\n", "\r\n", payloadBytes, ClientFrame.Binary);
}
