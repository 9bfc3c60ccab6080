using System.Globalization;
using Fanout.Tests.Integration.Support;
using Fanout.Tests.TestKit.Clients;

namespace Fanout.Tests.Browser.Console;

/// <summary>Rooms with members on all nodes, and speakers that speak more and less, as a fleet that people use looks.</summary>
internal sealed class BusyRooms : IAsyncDisposable
{
    private readonly List<TestClient> _clients = [];
    private readonly CancellationTokenSource _over = new();
    private Task _running = Task.CompletedTask;

    /// <summary>The id of a connection that is in a room.</summary>
    public string SomeClient => _clients[0].ClientId;

    public static async Task<BusyRooms> StartAsync(IReadOnlyList<RunningNode> nodes, int rooms, bool isCalm)
    {
        var busy = new BusyRooms();
        for (var room = 0; room < rooms; room++)
        {
            for (var member = 0; member < 2 + (room * 5 % 7); member++)
            {
                var node = nodes[(room + member) % nodes.Count];
                busy._clients.Add(await node.JoinAsync(NameOf(room)));
            }
        }

        busy._running = busy.SpeakAsync(busy._clients[0], rooms, isCalm ? 10 : 1);
        return busy;
    }

    public async ValueTask DisposeAsync()
    {
        await _over.CancelAsync();
        await _running;
        foreach (var client in _clients)
            await client.DisposeAsync();
        _over.Dispose();
    }

    private async Task SpeakAsync(TestClient speaker, int rooms, int slower)
    {
        try
        {
            for (var i = 0; !_over.IsCancellationRequested; i++)
            {
                for (var room = 0; room < rooms; room++)
                {
                    // The first speaks each time, the second every other, and so on; all of them more and less in the course of some seconds.
                    if (i % (room + 1) == 0 && (Math.Sin(i / 90.0) > -0.6 || room < 8))
                        await speaker.PublishWithoutAckAsync(NameOf(room), string.Create(CultureInfo.InvariantCulture, $"message {i} of a conversation"));
                }

                await Task.Delay(TimeSpan.FromMilliseconds(Random.Shared.Next(8, 30) * slower), TimeProvider.System, _over.Token);
            }
        }
        catch (Exception e) when (e is OperationCanceledException or IOException or ConnectionEndedException)
        {
            // The test is over, and its nodes with it.
        }
    }

    private static string NameOf(int room) => string.Create(CultureInfo.InvariantCulture, $"{(room % 3) switch { 0 => "lobby", 1 => "orders.eu-west", _ => "chat" }}.{room}");
}
