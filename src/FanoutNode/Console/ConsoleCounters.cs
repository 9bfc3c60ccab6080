using System.Diagnostics.Metrics;
using Fanout.Node.Diagnostics;

namespace Fanout.Node.Console;

/// <summary>
/// The node's own metrics, as the console reads them: by listening to the meter, so that nothing is counted twice and the hot path knows nothing
/// of it.
/// </summary>
/// <remarks>
/// What counts messages is listened to while somebody watches only, and costs nothing else; what counts trouble always, since it makes events.
/// Thread-safe.
/// </remarks>
internal sealed class ConsoleCounters : IDisposable
{
    private readonly IMeterFactory _meters;
    private readonly MeterListener _troubleListener;
    private readonly Lock _gate = new();
    private readonly Dictionary<string, long> _trouble = [];
    private MeterListener? _trafficListener;
    private long _opened, _closed, _published, _delivered, _dropped, _limited, _probeTicks;

    public ConsoleCounters(IMeterFactory meters)
    {
        _meters = meters;
        _troubleListener = Listen(name => name is "fanout.connections.closed" or "fanout.messages.dropped" or "fanout.limited" or "fanout.backplane.gaps"
            or "fanout.backplane.probe.duration");
    }

    public long Opened => Volatile.Read(ref _opened);

    public long Closed => Volatile.Read(ref _closed);

    public long Published => Volatile.Read(ref _published);

    public long Delivered => Volatile.Read(ref _delivered);

    public long Dropped => Volatile.Read(ref _dropped);

    public long Limited => Volatile.Read(ref _limited);

    /// <summary>The last probe's duration; null before the first.</summary>
    public double? ProbeMs => Volatile.Read(ref _probeTicks) is > 0 and var ticks ? TimeSpan.FromTicks(ticks).TotalMilliseconds : null;

    /// <summary>Begins or ends the counting of messages.</summary>
    public void WatchTraffic(bool watch)
    {
        if (watch == _trafficListener is not null)
            return;
        _trafficListener?.Dispose();
        _trafficListener = watch
            ? Listen(name => name is "fanout.connections.opened" or "fanout.messages.published" or "fanout.messages.delivered")
            : null;
    }

    /// <summary>Trouble by instrument and tag, <c>fanout.limited:messages</c>, since it was last taken.</summary>
    /// <param name="isDue">Which of it to take; the rest goes on being counted.</param>
    public IReadOnlyList<KeyValuePair<string, long>> TakeTrouble(Func<string, bool> isDue)
    {
        lock (_gate)
        {
            if (_trouble.Count == 0)
                return [];
            KeyValuePair<string, long>[] taken = [.. _trouble.Where(entry => isDue(entry.Key))];
            foreach (var (key, _) in taken)
                _trouble.Remove(key);
            return taken;
        }
    }

    public void Dispose()
    {
        _troubleListener.Dispose();
        _trafficListener?.Dispose();
    }

    private MeterListener Listen(Func<string, bool> wanted)
    {
        var listener = new MeterListener
        {
            // Of this host: a test may run several in one process.
            InstrumentPublished = (instrument, self) =>
            {
                if (instrument.Meter.Name == FanoutMetrics.MeterName && ReferenceEquals(instrument.Meter.Scope, _meters) && wanted(instrument.Name))
                    self.EnableMeasurementEvents(instrument);
            },
        };
        listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Count(instrument.Name, value, tags));
        listener.SetMeasurementEventCallback<double>((_, seconds, _, _) => Volatile.Write(ref _probeTicks, TimeSpan.FromSeconds(seconds).Ticks));
        listener.Start();
        return listener;
    }

    private void Count(string instrument, long value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        switch (instrument)
        {
            case "fanout.messages.delivered":
                Interlocked.Add(ref _delivered, value);
                return;
            case "fanout.messages.published":
                Interlocked.Add(ref _published, value);
                return;
            case "fanout.connections.opened":
                Interlocked.Add(ref _opened, value);
                return;
            case "fanout.connections.closed":
                Interlocked.Add(ref _closed, value);
                break;
            case "fanout.messages.dropped":
                Interlocked.Add(ref _dropped, value);
                break;
            case "fanout.limited":
                Interlocked.Add(ref _limited, value);
                break;
        }

        // Counters begin with a 0 for each tag, which is nothing to report.
        if (value == 0 || tags.Length == 0 || tags[0].Value is not string tag || !NotableTrouble.IsNotable(instrument, tag))
            return;
        var key = instrument + ":" + tag;
        lock (_gate)
            _trouble[key] = _trouble.GetValueOrDefault(key) + value;
    }
}
