using Fanout.Node.Diagnostics;

namespace Fanout.Node.Lanes;

/// <summary>All lanes of the node, and the one timer that turns their wheels.</summary>
internal sealed class LaneSet : IDisposable
{
    private readonly Lane[] _lanes;
    private readonly ITimer _timer;
    private int _next;

    public LaneSet(LaneOptions options, TimeProvider time, FanoutMetrics metrics, ILogger<Lane> logger, FleetClock? clock = null)
    {
        _lanes = new Lane[options.EffectiveCount];
        for (var i = 0; i < _lanes.Length; i++)
            _lanes[i] = new Lane(i, options, time, metrics, logger, clock);
        metrics.ObserveLanes(_lanes.Length, i => _lanes[i].MessagesWaiting, () => _lanes.Sum(lane => lane.BacklogBytes), () => _lanes.Sum(lane => lane.CatchingUp));
        _timer = time.CreateTimer(_ => PostToAll(LaneTick.Instance), null, LaneTimers.Resolution, LaneTimers.Resolution);
    }

    public int Count => _lanes.Length;

    public Lane this[int index] => _lanes[index];

    /// <summary>The lane for the next connection: taken in turn, so that they fill evenly.</summary>
    public Lane Next() => _lanes[(uint)Interlocked.Increment(ref _next) % (uint)_lanes.Length];

    /// <summary>Posts one work item to every lane; the item must not keep state.</summary>
    public void PostToAll(ILaneWork work)
    {
        foreach (var lane in _lanes)
            lane.Post(work);
    }

    /// <summary>Begins or ends the counting of how long deliveries take.</summary>
    public void TimeDeliveries(bool isOn)
    {
        foreach (var lane in _lanes)
            lane.IsTimed = isOn;
    }

    /// <summary>Adds up how long deliveries took, by the steps of <see cref="DeliveryTimes"/>.</summary>
    public void AddTimesTo(Span<long> sums)
    {
        foreach (var lane in _lanes)
            lane.Times.AddTo(sums);
    }

    public void Dispose() => _timer.Dispose();
}
