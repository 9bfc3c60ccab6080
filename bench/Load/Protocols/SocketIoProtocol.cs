using System.Text;
using Fanout.Bench.Load.Sockets;

namespace Fanout.Bench.Load.Protocols;

/// <summary>Socket.IO 4 over Engine.IO's WebSocket transport.</summary>
internal sealed class SocketIoProtocol : Protocol
{
    public override string Path(ClientPlan plan) => "/socket.io/?EIO=4&transport=websocket";

    public override bool OnHandshake(Client client, ReadOnlySpan<byte> payload)
    {
        // 0{open} -> 40 -> 40{connected} -> 420["join",room] -> 430[]
        if (payload.StartsWith("0"u8))
        {
            client.SendFrame(ClientFrame.Text, "40"u8);
        }
        else if (payload.StartsWith("40"u8))
        {
            if (client.Plan.Room is null)
                return true;
            client.SendFrame(ClientFrame.Text, Encoding.UTF8.GetBytes($$"""420["join","{{client.Plan.Room}}"]"""));
        }

        return payload.StartsWith("430"u8);
    }

    public override void OnOther(Client client, ReadOnlySpan<byte> payload)
    {
        if (payload.SequenceEqual("2"u8))
            client.SendFrame(ClientFrame.Text, "3"u8);
    }

    public override PublishTemplate Publish(string room, int payloadBytes) =>
        new($"42[\"publish\",\"{room}\",\"", "\"]", payloadBytes);

    public override PublishTemplate HttpPublish(string room, int payloadBytes) =>
        PublishTemplate.Post($"/rooms/{room}", "", payloadBytes);
}
