namespace Fanout.Node.Connections;

/// <summary>Settings under <c>Fanout:Heartbeat</c>.</summary>
internal sealed class HeartbeatOptions
{
    /// <summary>
    /// How often the node pings a socket. Too long, and proxies with an idle timeout cut the connection; too short, and pings wake idle
    /// phones for nothing. 0 switches pings off.
    /// </summary>
    public TimeSpan Interval { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>A socket that was silent for so long is closed with 4000. Any frame counts as life. 0 switches the check off.</summary>
    public TimeSpan Timeout { get; set; } = TimeSpan.FromSeconds(45);
}
