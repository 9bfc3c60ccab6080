using Fanout.Bench.Load.Sockets;

namespace Fanout.Bench.Load.Traffics;

/// <summary>One loop's part in a <see cref="Traffic"/>: what it counted, and the connections through which it publishes.</summary>
internal sealed class LoopTraffic(Traffic traffic, Loop loop)
{
    private readonly int[] _members = new int[traffic.Rooms.Count];
    private readonly int[] _got = new int[Traffic.Ring];
    private readonly List<Client> _publishers = [];
    private readonly Stack<Client> _idle = new();
    private readonly HashSet<Client> _written = [];
    private int _nextPublisher;
    private int _completed;

    public Loop Loop { get; } = loop;

    public LatencyHistogram Latencies { get; } = new();

    public long Deliveries { get; private set; }

    public bool HasPublishers => _publishers.Count > 0;

    public void AddMember(int room) => _members[room]++;

    public bool HasMembers(int room) => _members[room] > 0;

    public void AddPublisher(Client client)
    {
        _publishers.Add(client);
        _idle.Push(client);
    }

    public void OnDelivery(Client client, uint number, long latency)
    {
        Deliveries++;
        Latencies.Record(latency);
        var slot = number & (Traffic.Ring - 1);
        if (++_got[slot] < _members[client.Plan.RoomIndex])
            return;
        _got[slot] = 0;
        if (traffic.CompleteOnOneLoop(slot))
            _completed++;
    }

    public void OnAnswer(Client publisher, bool succeeded)
    {
        traffic.Answered(succeeded);
        _idle.Push(publisher);
        if (traffic.IsSaturating)
            PublishHttp(Clock.Now);
    }

    public void OnTimer() => traffic.PublishDue(this);

    public void EndRound()
    {
        if (_completed > 0)
        {
            var now = Clock.Now;
            for (; _completed > 0; _completed--)
            {
                // Over HTTP it is the answer that frees a connection for the next.
                if (traffic is { IsSaturating: true, OverHttp: false })
                    Publish(now);
            }
        }

        if (_written.Count == 0)
            return;
        foreach (var publisher in _written)
            publisher.Flush();
        _written.Clear();
    }

    /// <summary>Publishes the next message, meant for the given time, with the end of the round.</summary>
    public void Publish(long time)
    {
        if (traffic.OverHttp)
        {
            PublishHttp(time);
            return;
        }

        var publisher = _publishers[_nextPublisher++ % _publishers.Count];
        traffic.Write(publisher, time);
        _written.Add(publisher);
    }

    private void PublishHttp(long time)
    {
        if (!_idle.TryPop(out var publisher))
            throw new InvalidOperationException("publishes over HTTP are saturated only: one for each connection that is free");
        publisher.IsBusy = true;
        traffic.Write(publisher, time);
        _written.Add(publisher);
    }
}
