using Fanout.Node.Lanes;
using Fanout.Shared.Protocol;

namespace Fanout.Tests.Unit.Lanes;

/// <summary>A connection that notes when its lane looked at it.</summary>
internal sealed class FakeLaneClient(string id, Func<long, long> onTimer) : ILaneClient
{
    public List<long> LookedAt { get; } = [];

    public string ClientId => id;

    public WireFormat Format => WireFormat.Json;

    public bool IsDrained => true;

    public void ForgetNewest(LaneRoom room)
    {
    }

    public long TimerSlot { get; set; }

    /// <summary>What it does with what it is sent; by default nothing.</summary>
    public Action<ReadOnlyMemory<byte>, LaneRoom?>? OnSend { get; init; }

    public void Send(ReadOnlyMemory<byte> frames, LaneRoom? room) => OnSend?.Invoke(frames, room);

    public void WhenDrained(ILaneWork work)
    {
    }

    public long OnTimer(Lane lane, long now)
    {
        LookedAt.Add(now);
        return onTimer(now);
    }
}
