using System.Text.Json.Nodes;
using Fanout.Tests.Chaos.Recordings;
using Fanout.Tests.TestKit.Clients;

namespace Fanout.Tests.Chaos.Workload;

internal sealed class SocketChannel(string subprotocol) : IPublishChannel
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(4);

    private TestClient? _client;
    private Uri? _node;

    public async Task<Attempt> PublishAsync(Uri node, string room, JsonObject payload, string key)
    {
        try
        {
            var client = await ConnectAsync(node);
            var answer = await client.RequestAsync(
                new JsonObject { ["type"] = "publish", ["room"] = room, ["payload"] = payload.DeepClone(), ["key"] = key }, Patience);
            return answer.Text("type") == "published" ? Read(answer) : OnError(answer);
        }
        catch (Exception)
        {
            // Whatever it was, the connection is not to be trusted any more; the key makes the next attempt safe.
            await DisposeAsync();
            return Attempt.Again;
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _client, null) is not { } client)
            return;
        client.Abort();
        await client.DisposeAsync();
    }

    private async Task<TestClient> ConnectAsync(Uri node)
    {
        if (_client is { } client && _node == node)
            return client;
        await DisposeAsync();
        _node = node;
        return _client = await TestClient.ConnectAsync(node, new TestClientOptions { Subprotocol = subprotocol, Deadline = Patience });
    }

    private static Attempt Read(JsonObject published) => new(
        published.Payload().Text("messageId"),
        published.Payload().Text("epoch") is { } epoch && published.Offset() is { } offset ? new Position(epoch, offset) : null,
        null);

    private static Attempt OnError(JsonObject error) =>
        error.Payload().Text("code") is "backplane_unavailable" or "timeout" ? Attempt.Again : new Attempt(null, null, error.ToJsonString());
}
