namespace Fanout.Node.Backplane;

/// <summary>Settings under <c>Fanout:Users</c>.</summary>
internal sealed class UserOptions
{
    /// <summary>
    /// So long is it remembered when a user's last connection went. About 110 bytes in Redis for each user that was there within this time.
    /// 0: it is not remembered.
    /// </summary>
    public TimeSpan LastSeenFor { get; set; } = TimeSpan.FromDays(7);
}
