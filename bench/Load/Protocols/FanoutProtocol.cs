using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Fanout.Bench.Load.Sockets;

namespace Fanout.Bench.Load.Protocols;

/// <summary>Fanout's own, JSON frames. Publishes carry no id: nobody waits for an acknowledgement, like with the peers.</summary>
internal sealed class FanoutProtocol : Protocol
{
    public const string ApiKey = "bench-key";

    public const string SigningKey = "a signing key for the bench, long enough for HS256";

    public override string BatchHead => $"POST /api/v1/messages HTTP/1.1\r\nX-Api-Key: {ApiKey}\r\n";

    public override string Path(ClientPlan plan) => plan.Room is null ? "/ws"
        : plan.Room.StartsWith(UserPrefix, StringComparison.Ordinal) ? $"/ws?access_token={TokenOf(plan.Room[UserPrefix.Length..])}"
        : $"/ws?rooms={plan.Room}";

    public override bool OnHandshake(Client client, ReadOnlySpan<byte> payload) =>
        client.Plan.Room is null || payload.StartsWith("{\"type\":\"joined\""u8);

    public override PublishTemplate Publish(string room, int payloadBytes) =>
        new($$"""{"type":"publish","room":"{{room}}","payload":""" + "\"", "\"}", payloadBytes);

    public override PublishTemplate HttpPublish(string room, int payloadBytes) =>
        PublishTemplate.Post(
            room.StartsWith(UserPrefix, StringComparison.Ordinal) ? $"/api/v1/users/{room[UserPrefix.Length..]}/messages" : $"/api/v1/rooms/{room}/messages",
            $"X-Api-Key: {ApiKey}\r\n",
            payloadBytes);

    private static string TokenOf(string user)
    {
        var head = Part("""{"alg":"HS256","typ":"JWT"}""") + "." + Part($$"""{"sub":"{{user}}"}""");
        return head + "." + Base64Url.EncodeToString(HMACSHA256.HashData(Encoding.UTF8.GetBytes(SigningKey), Encoding.ASCII.GetBytes(head)));

        static string Part(string json) => Base64Url.EncodeToString(Encoding.UTF8.GetBytes(json));
    }
}
