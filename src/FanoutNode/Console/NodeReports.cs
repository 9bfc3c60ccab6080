using System.Globalization;
using Fanout.Node.Backplane;
using Fanout.Node.Connections;
using Fanout.Node.Drain;
using Fanout.Node.Lanes;
using Fanout.Node.Rooms;
using Fanout.Shared.Rooms;

namespace Fanout.Node.Console;

/// <summary>Writes a node's reports from what it counts and holds anyway. Used by the reporter alone.</summary>
internal sealed class NodeReports(
    IBackplane backplane,
    INodeStatus status,
    ConnectionRegistry connections,
    RoomRegistry rooms,
    LaneSet lanes,
    DrainState drain,
    ConsoleCounters counters,
    NotableEvents events,
    TimeProvider time)
{
    // Between a full and an empty process there is little that a tenth of a percent would tell.
    private const int CpuDigits = 3;

    private static readonly TimeSpan CpuInterval = TimeSpan.FromMilliseconds(900);

    private readonly TopRooms _top = new(rooms, time);
    private long _seq;
    private TimeSpan _cpu;
    private long _cpuAt;
    private double _cpuUsed;

    public NodeReport Next()
    {
        var info = status.Describe(backplane.NodeId, backplane.State);
        var operators = rooms.Find(RoomName.Ops)?.LocalMembers ?? 0;
        var waiting = events.Waiting;
        return new NodeReport(
            info.Id,
            info.Name,
            ++_seq,
            time.GetUtcNow().ToUnixTimeMilliseconds(),
            info.Version,
            info.Started.ToUnixTimeMilliseconds(),
            Math.Max(0, connections.Count - operators),
            rooms.Count,
            counters.Opened,
            counters.Closed,
            counters.Published,
            counters.Delivered,
            counters.Dropped,
            counters.Limited,
            new BackplaneReport(backplane is Backplane.Memory.MemoryBackplane ? "memory" : "redis", info.Backplane, counters.ProbeMs),
            drain.Phase.ToText(),
            Latency(),
            Cpu(),
            Environment.ProcessorCount,
            Environment.WorkingSet,
            _top.Look(),
            waiting.Count == 0 ? null : waiting);
    }

    private Dictionary<string, long>? Latency()
    {
        Span<long> sums = stackalloc long[DeliveryTimes.Steps];
        lanes.AddTimesTo(sums);
        Dictionary<string, long>? counts = null;
        for (var step = 0; step < sums.Length; step++)
        {
            if (sums[step] > 0)
                (counts ??= [])[step.ToString(CultureInfo.InvariantCulture)] = sums[step];
        }

        return counts;
    }

    // Over a second or so, whatever the pace of the reports: a shorter time shows each collection of the garbage as a peak.
    private double Cpu()
    {
        var now = time.GetTimestamp();
        var elapsed = _cpuAt == 0 ? TimeSpan.Zero : time.GetElapsedTime(_cpuAt, now);
        if (_cpuAt != 0 && elapsed < CpuInterval)
            return _cpuUsed;
        var cpu = Environment.CpuUsage.TotalTime;
        _cpuUsed = elapsed > TimeSpan.Zero ? Math.Round((cpu - _cpu) / elapsed, CpuDigits) : 0;
        (_cpu, _cpuAt) = (cpu, now);
        return _cpuUsed;
    }
}
