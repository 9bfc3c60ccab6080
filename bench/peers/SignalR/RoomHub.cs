using Microsoft.AspNetCore.SignalR;

namespace Peer.SignalR;

internal sealed class RoomHub : Hub
{
    public Task Join(string room) => Groups.AddToGroupAsync(Context.ConnectionId, room);

    /// <summary>Answers when the connection's own channels are subscribed to: calls wait for that.</summary>
    public void Ready()
    {
    }

    public Task Publish(string room, string payload) => Clients.Group(room).SendAsync("message", room, payload);
}
