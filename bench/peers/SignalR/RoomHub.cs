using Microsoft.AspNetCore.SignalR;

namespace Peer.SignalR;

internal sealed class RoomHub : Hub
{
    public Task Join(string room) => Groups.AddToGroupAsync(Context.ConnectionId, room);

    public Task Publish(string room, string payload) => Clients.Group(room).SendAsync("message", room, payload);
}
