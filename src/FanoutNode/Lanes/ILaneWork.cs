namespace Fanout.Node.Lanes;

/// <summary>
/// Something a lane does in its loop. A message of a room is its own work item, so that handing it to a lane allocates nothing.
/// </summary>
internal interface ILaneWork
{
    /// <summary>Runs on the lane, alone; must not block.</summary>
    void Run(Lane lane);
}
