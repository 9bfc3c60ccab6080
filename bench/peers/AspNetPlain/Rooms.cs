using System.Collections.Concurrent;
using System.Text.Json;

namespace Peer.AspNetPlain;

internal sealed class Rooms
{
    private readonly ConcurrentDictionary<string, ConcurrentDictionary<Client, bool>> _rooms = new();

    public void Join(string room, Client client) => _rooms.GetOrAdd(room, _ => new())[client] = true;

    public void Leave(string room, Client client)
    {
        if (_rooms.TryGetValue(room, out var members))
            members.TryRemove(client, out _);
    }

    /// <summary>Encoded once, queued with every member.</summary>
    public void Publish(string room, JsonElement payload)
    {
        if (!_rooms.TryGetValue(room, out var members))
            return;
        var message = JsonSerializer.SerializeToUtf8Bytes(new
        {
            type = "message",
            room,
            id = Guid.NewGuid(),
            timestamp = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds(),
            payload,
        });
        foreach (var (client, _) in members)
            client.Send(message);
    }
}
