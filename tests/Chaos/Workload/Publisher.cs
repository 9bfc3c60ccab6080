using System.Globalization;
using System.Text.Json.Nodes;
using Fanout.Tests.Chaos.Cluster;
using Fanout.Tests.Chaos.Recordings;

namespace Fanout.Tests.Chaos.Workload;

/// <summary>
/// Publishes numbered messages to one room, one at a time, each under its own key until it is acknowledged: so DESIGN.md 6 says that order
/// holds over retries.
/// </summary>
internal sealed class Publisher(int id, Room room, IPublishChannel channel, Fleet fleet, RunClock clock, Oddities oddities, int seed) : IAsyncDisposable
{
    // After healing a publish must get through; this is far more than any reconnect takes.
    private static readonly TimeSpan LastPatience = TimeSpan.FromSeconds(30);

    private readonly Random _random = new(HashCode.Combine(seed, id));
    private readonly string _padding = new('x', room.Padding);
    private Uri? _node;

    public int Id => id;

    public List<PublishRecord> Records { get; } = [];

    public int Attempts { get; private set; }

    /// <summary>Publishes until told to stop, and finishes the message that it has begun.</summary>
    public async Task RunAsync(CancellationToken stop, CancellationToken giveUp)
    {
        for (var number = 1; !stop.IsCancellationRequested; number++)
        {
            Records.Add(await PublishAsync(number, stop, giveUp));
            await Task.Delay(NextPause(), stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    public ValueTask DisposeAsync() => channel.DisposeAsync();

    private async Task<PublishRecord> PublishAsync(int number, CancellationToken stop, CancellationToken giveUp)
    {
        var key = string.Create(CultureInfo.InvariantCulture, $"{room.Name}-{id}-{number}-{seed}");
        var payload = new JsonObject { ["p"] = id, ["n"] = number, ["pad"] = _padding };
        var started = clock.Now;
        TimeSpan? lastChance = null;
        while (true)
        {
            _node ??= fleet.Any(_random);
            Attempts++;
            var attempt = await channel.PublishAsync(_node, room.Name, payload, key);
            if (attempt.MessageId is { } messageId)
                return new PublishRecord(room.Name, id, number, started, new PublishAck(clock.Now, attempt.Position, messageId));
            if (attempt.Refusal is { } refusal)
                oddities.Add($"publish {key} was refused: {refusal}");
            if (stop.IsCancellationRequested)
                lastChance ??= clock.Now + LastPatience;
            if (attempt.Refusal is not null || clock.Now > lastChance || giveUp.IsCancellationRequested)
                return new PublishRecord(room.Name, id, number, started, null);

            _node = null;
            await Task.Delay(_random.Next(50, 250), CancellationToken.None);
        }
    }

    // Bursts end by chance, so that a silence begins about every fifteen messages.
    private int NextPause() => room.Silence > 0 && _random.Next(15) == 0 ? _random.Next(room.Silence) : _random.Next(1, room.Pace);
}
