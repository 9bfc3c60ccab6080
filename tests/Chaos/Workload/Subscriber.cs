using Fanout.Tests.Chaos.Cluster;
using Fanout.Tests.Chaos.Recordings;

namespace Fanout.Tests.Chaos.Workload;

/// <summary>
/// A client that keeps the contract: connects to any node, resumes where it was, drops nothing and writes down everything. It is cut from
/// outside, and ends its connections by itself now and then.
/// </summary>
internal sealed class Subscriber
{
    // RFC 6455, section 7.4.1: what a node that drains closes with.
    private const int GoingAway = 1001;

    private readonly Fleet _fleet;
    private readonly RunClock _clock;
    private readonly Oddities _oddities;
    private readonly Random _random;
    private readonly RoomSeat[] _seats;
    private volatile SubscriberSession? _session;
    private volatile bool _mayRoam = true;

    public Subscriber(int number, IReadOnlyList<Room> rooms, Fleet fleet, RunClock clock, Oddities oddities, int seed)
    {
        (_fleet, _clock, _oddities) = (fleet, clock, oddities);
        Name = $"subscriber {number}";
        UsesMessagePack = number % 3 == 0;
        IsSlow = number % 6 == 1;
        _random = new Random(HashCode.Combine(seed, number, 7));
        _seats = [.. rooms.Select(room => new RoomSeat(room))];
    }

    public string Name { get; }

    public bool UsesMessagePack { get; }

    /// <summary>Has a small receive buffer, so that the node feels it when it does not read.</summary>
    public bool IsSlow { get; }

    public int Connects { get; private set; }

    /// <summary>Every <c>drain</c> that it got.</summary>
    public List<DrainNotice> Drains { get; } = [];

    public IEnumerable<Track> Tracks => _seats.Select(seat => new Track(Name, seat.Room.Name, seat.Events));

    /// <summary>The present connection, where it is one; for the look at the end.</summary>
    public SubscriberSession? Session => _session;

    public async Task RunAsync(CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            var session = new SubscriberSession(this, _seats, _clock, _oddities, new Random(_random.Next()));
            var node = _fleet.AnySlot(_random);
            try
            {
                if (await session.TryConnectAsync(node))
                {
                    Connects++;
                    if (Drains.Count > 0)
                        Drains[^1].BackAt ??= _clock.Now;
                    _session = session;
                    await session.RunAsync(_mayRoam, stop);
                    if (session.CloseCode == GoingAway && Drains.Count > 0)
                        Drains[^1].IsObeyed = true;
                }
            }
            finally
            {
                _session = null;
                await session.DisposeAsync();
            }

            // Delays as of real clients, small enough that history reaches back at times and does not at others.
            await Task.Delay(_random.Next(20, 1500), stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>Resets the connection.</summary>
    public void Cut() => _session?.Cut();

    /// <summary>Reads nothing for a while.</summary>
    public void Stall(TimeSpan time) => _session?.Stall(time);

    /// <summary>No more goings of its own: the run comes to its end.</summary>
    public void SettleDown()
    {
        _mayRoam = false;
        _session?.SettleDown();
    }
}
