namespace Fanout.Node.Lanes;

internal sealed partial class LaneLog(ILogger<Lane> logger)
{
    [LoggerMessage(1100, LogLevel.Error, "Lane {Lane}: work {Work} failed; the lane goes on", EventName = "LaneWorkFailed")]
    public partial void WorkFailed(Exception exception, int lane, string work);
}
