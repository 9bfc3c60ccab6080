using System.Text;
using Fanout.Bench.Load.Sockets;

namespace Fanout.Bench.Load.Protocols;

/// <summary>SignalR's JSON hub protocol without negotiation.</summary>
internal sealed class SignalRProtocol : Protocol
{
    private static ReadOnlySpan<byte> Handshake => "{\"protocol\":\"json\",\"version\":1}\u001e"u8;

    private static ReadOnlySpan<byte> Ping => "{\"type\":6}\u001e"u8;

    // The transport sends what has gathered in its pipe as one frame.
    public override bool JoinsMessages => true;

    public override string BatchHead => "POST /messages HTTP/1.1\r\n";

    public override string Path(ClientPlan plan) => IsUser(plan) ? $"/hub?user={plan.Room![UserPrefix.Length..]}" : "/hub";

    public override bool OnOpen(Client client)
    {
        client.SendFrame(ClientFrame.Text, Handshake);
        return false;
    }

    public override bool OnHandshake(Client client, ReadOnlySpan<byte> payload)
    {
        if (client.Step == 0)
        {
            client.Step = 1;
            if (client.Plan.Room is null)
                return true;
            // The server answers the handshake before it has subscribed to the user's channel, and a call after it: who pushes earlier
            // measures messages that nobody was there for.
            var (method, arguments) = IsUser(client.Plan) ? ("Ready", "") : ("Join", $"\"{client.Plan.Room}\"");
            client.SendFrame(
                ClientFrame.Text,
                Encoding.UTF8.GetBytes($$"""{"type":1,"invocationId":"1","target":"{{method}}","arguments":[{{arguments}}]}""" + "\u001e"));
        }

        return payload.IndexOf("\"type\":3"u8) >= 0;
    }

    public override void OnOther(Client client, ReadOnlySpan<byte> payload)
    {
        if (payload.SequenceEqual(Ping))
            client.SendFrame(ClientFrame.Text, Ping);
    }

    public override PublishTemplate Publish(string room, int payloadBytes) =>
        new($$"""{"type":1,"target":"Publish","arguments":["{{room}}",""" + "\"", "\"]}\u001e", payloadBytes);

    public override PublishTemplate HttpPublish(string room, int payloadBytes) =>
        PublishTemplate.Post(room.StartsWith(UserPrefix, StringComparison.Ordinal) ? $"/users/{room[UserPrefix.Length..]}" : $"/rooms/{room}", "", payloadBytes);

    private static bool IsUser(ClientPlan plan) => plan.Room?.StartsWith(UserPrefix, StringComparison.Ordinal) == true;
}
