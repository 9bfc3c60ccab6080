using Fanout.Node.Backplane;
using Fanout.Node.Connections;
using Fanout.Node.Drain;
using Fanout.Node.Rooms;
using Fanout.Shared.Rooms;

namespace Fanout.Node.Console;

/// <summary>Writes a node's reports from what it counts and holds anyway. Used by the reporter alone.</summary>
internal sealed class NodeReports(
    IBackplane backplane,
    INodeStatus status,
    ConnectionRegistry connections,
    RoomRegistry rooms,
    DrainState drain,
    ConsoleCounters counters,
    NotableEvents events,
    TimeProvider time)
{
    // Between a full and an empty process there is little that a tenth of a percent would tell.
    private const int CpuDigits = 3;

    private readonly TopRooms _top = new(rooms, time);
    private long _seq;
    private TimeSpan _cpu;
    private long _cpuAt;

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
            Math.Max(0, rooms.Count - OwnRooms()),
            counters.Opened,
            counters.Closed,
            counters.Published,
            counters.Delivered,
            counters.Dropped,
            counters.Limited,
            new BackplaneReport(backplane is Backplane.Memory.MemoryBackplane ? "memory" : "redis", info.Backplane, counters.ProbeMs),
            drain.Phase.ToText(),
            counters.Latency.Take(),
            Cpu(),
            Environment.ProcessorCount,
            Environment.WorkingSet,
            _top.Look(),
            waiting.Count == 0 ? null : waiting);
    }

    private int OwnRooms() => (rooms.Find(RoomName.Ops) is null ? 0 : 1) + (rooms.Find(RoomName.OpsEvents) is null ? 0 : 1);

    private double Cpu()
    {
        var (cpu, now) = (Environment.CpuUsage.TotalTime, time.GetTimestamp());
        var elapsed = _cpuAt == 0 ? TimeSpan.Zero : time.GetElapsedTime(_cpuAt, now);
        var used = elapsed > TimeSpan.Zero ? (cpu - _cpu) / elapsed : 0;
        (_cpu, _cpuAt) = (cpu, now);
        return Math.Round(used, CpuDigits);
    }
}
