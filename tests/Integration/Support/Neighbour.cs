using Fanout.Tests.TestKit.Clients;
using Xunit;

namespace Fanout.Tests.Integration.Support;

/// <summary>
/// A well-behaved member of a room in which another one misbehaves: it must get every message and nothing else.
/// </summary>
internal sealed class Neighbour : IAsyncDisposable
{
    private readonly RunningNode _node;
    private readonly TestClient _client;
    private readonly List<string> _published = [];

    private Neighbour(RunningNode node, TestClient client, string room) => (_node, _client, Room) = (node, client, room);

    public string Room { get; }

    /// <summary>Messages that it published.</summary>
    public int Published => _published.Count;

    /// <summary>Joins a new room and gets its first message.</summary>
    public static async Task<Neighbour> MoveInAsync(RunningNode node)
    {
        var room = Rooms.New("street");
        var neighbour = new Neighbour(node, await node.JoinAsync(room), room);
        await neighbour.PublishAsync("before");
        return neighbour;
    }

    /// <summary>Publishes to the room by HTTP.</summary>
    public async Task PublishAsync(string payload)
    {
        Assert.True((await _node.Api.PublishAsync(Room, payload)).IsSuccess);
        _published.Add(payload);
    }

    /// <summary>Publishes once more and looks at everything that came.</summary>
    public async Task SawNothingAsync()
    {
        await PublishAsync("after");
        await _client.WaitForMessagesAsync(Room, _published.Count);
        await _client.PingAsync();

        Assert.Equal(_published, _client.Messages(Room).Select(message => message.Text("payload")));
        Assert.Equal(["connected", "joined", "message", "pong"], _client.Received.Select(message => message.Type).Distinct());
        Assert.False(_client.Closed.IsCompleted);
    }

    public ValueTask DisposeAsync() => _client.DisposeAsync();
}
