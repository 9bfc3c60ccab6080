using Fanout.Tests.Integration.Support;
using Fanout.Tests.TestKit.Clients;

namespace Fanout.Tests.Browser.Console;

/// <summary>Members of a room on several nodes, one of which publishes for as long as this lives.</summary>
internal sealed class Traffic : IAsyncDisposable
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20);

    private readonly List<TestClient> _clients = [];
    private readonly CancellationTokenSource _over = new();
    private Task _running = Task.CompletedTask;

    public static async Task<Traffic> StartAsync(string room, params RunningNode[] nodes)
    {
        var traffic = new Traffic();
        foreach (var node in nodes)
            traffic._clients.Add(await node.JoinAsync(room));
        traffic._running = traffic.PublishAsync(room);
        return traffic;
    }

    public async ValueTask DisposeAsync()
    {
        await _over.CancelAsync();
        await _running;
        foreach (var client in _clients)
            await client.DisposeAsync();
        _over.Dispose();
    }

    private async Task PublishAsync(string room)
    {
        try
        {
            for (var i = 0; !_over.IsCancellationRequested; i++)
            {
                await _clients[0].PublishWithoutAckAsync(room, i);
                await Task.Delay(Pause, TimeProvider.System, _over.Token);
            }
        }
        catch (Exception e) when (e is OperationCanceledException or IOException or ConnectionEndedException)
        {
            // The node was killed, or the test is over.
        }
    }
}
