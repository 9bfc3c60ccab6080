using Microsoft.AspNetCore.SignalR;

namespace Peer.SignalR;

/// <summary>The user is whom the query names: authentication is not what is measured.</summary>
internal sealed class QueryUserId : IUserIdProvider
{
    public string? GetUserId(HubConnectionContext connection) => connection.GetHttpContext()?.Request.Query["user"];
}
