namespace Fanout.Node.Lanes;

/// <summary>Turns the lane's timer wheel.</summary>
internal sealed class LaneTick : ILaneWork
{
    public static readonly LaneTick Instance = new();

    public void Run(Lane lane) => lane.Timers.Advance(lane);
}
