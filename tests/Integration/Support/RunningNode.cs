using Fanout.Tests.TestKit.Api;
using Fanout.Tests.TestKit.Clients;
using Fanout.Tests.TestKit.Nodes;
using Fanout.Tests.TestKit.Streams;

namespace Fanout.Tests.Integration.Support;

/// <summary>A node process with its API, and clients that show the node's log when something does not come.</summary>
public sealed class RunningNode : IAsyncDisposable
{
    private RunningNode(NodeProcess process) => (Process, Api) = (process, new ApiClient(process.AdminUri));

    public NodeProcess Process { get; }

    public ApiClient Api { get; }

    public Uri BaseUri => Process.BaseUri;

    public static async Task<RunningNode> StartAsync(NodeOptions? options = null) => new(await NodeProcess.StartAsync(options));

    public Task<TestClient> ConnectAsync(string subprotocol) => ConnectAsync(new TestClientOptions { Subprotocol = subprotocol });

    public Task<TestClient> ConnectAsync(TestClientOptions? options = null) =>
        TestClient.ConnectAsync(BaseUri, (options ?? new TestClientOptions()) with { Context = Process.LogTail });

    /// <summary>A reader of the node's server-sent events.</summary>
    public Task<EventStream> StreamAsync(EventStreamOptions? options = null) =>
        EventStream.OpenAsync(BaseUri, (options ?? new EventStreamOptions()) with { Context = Process.LogTail });

    /// <summary>A reader that is in the rooms.</summary>
    public async Task<EventStream> StreamAsync(params string[] rooms)
    {
        var stream = await StreamAsync(new EventStreamOptions { Rooms = string.Join(',', rooms) });
        foreach (var room in rooms)
            await stream.ExpectAsync("joined", room);
        return stream;
    }

    /// <summary>A client that is in the room.</summary>
    public async Task<TestClient> JoinAsync(string room, string subprotocol = TestClientOptions.Json)
    {
        var client = await ConnectAsync(subprotocol);
        await client.JoinAsync(room);
        return client;
    }

    public async ValueTask DisposeAsync()
    {
        Api.Dispose();
        await Process.DisposeAsync();
    }
}
