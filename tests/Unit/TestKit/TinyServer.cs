using System.Net.WebSockets;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Fanout.Tests.Unit.TestKit;

/// <summary>An ASP.NET Core server with one handler: a counterpart that the test kit did not write itself.</summary>
internal sealed class TinyServer : IAsyncDisposable
{
    private readonly WebApplication _app;

    private TinyServer(WebApplication app) => _app = app;

    public Uri BaseUri => new(_app.Urls.Single());

    public static async Task<TinyServer> StartAsync(RequestDelegate handler)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var app = builder.Build();
        app.UseWebSockets();
        app.Run(handler);
        await app.StartAsync();
        return new TinyServer(app);
    }

    /// <summary>Accepts every upgrade with the first offered subprotocol.</summary>
    public static Task<TinyServer> StartAsync(Func<HttpContext, WebSocket, Task> handler) =>
        StartAsync(async http =>
        {
            using var socket = await http.WebSockets.AcceptWebSocketAsync(http.WebSockets.WebSocketRequestedProtocols.FirstOrDefault());
            await handler(http, socket);
        });

    /// <summary>Sends every message back; answers a close with the same.</summary>
    public static Task<TinyServer> StartEchoAsync() => StartAsync(async (http, socket) =>
    {
        var buffer = new byte[256 * 1024];
        while (await socket.ReceiveAsync(buffer.AsMemory(), http.RequestAborted) is { MessageType: not WebSocketMessageType.Close } read)
            await socket.SendAsync(buffer.AsMemory(0, read.Count), read.MessageType, read.EndOfMessage, http.RequestAborted);
        await socket.CloseAsync(socket.CloseStatus!.Value, socket.CloseStatusDescription, http.RequestAborted);
    });

    public static Task SendTextAsync(WebSocket socket, string text) =>
        socket.SendAsync(Encoding.UTF8.GetBytes(text), WebSocketMessageType.Text, endOfMessage: true, CancellationToken.None);

    public async ValueTask DisposeAsync()
    {
        using var now = new CancellationTokenSource(TimeSpan.FromMilliseconds(100));
        await _app.StopAsync(now.Token);
        await _app.DisposeAsync();
    }
}
