using Fanout.Tests.TestKit.Clients;

namespace Fanout.Tests.Cli.Support;

internal static class ClientExpectations
{
    /// <summary>The payload of the room's next message, byte for byte.</summary>
    public static async Task<string?> ExpectPayloadAsync(this TestClient client, string room) => (await client.ExpectRawAsync("message", room)).RawPayloadText;
}
