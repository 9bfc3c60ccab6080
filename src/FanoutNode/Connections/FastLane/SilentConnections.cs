using System.Net;
using Fanout.Node.Connections.Handshake;
using Fanout.Node.Diagnostics;
using Fanout.Node.Limits;

namespace Fanout.Node.Connections.FastLane;

/// <summary>
/// Counts the connections of each address whose first request is not there yet. They are nobody's, and in no other count: without this one address
/// could hold as many as the node has file handles, ten seconds each.
/// </summary>
/// <remarks>Proxies that are known are not counted: behind them are many. Thread-safe.</remarks>
internal sealed class SilentConnections(LimitsOptions limits, ClientAddress addresses, FanoutMetrics metrics)
{
    private readonly KeyedCounts<UInt128> _counts = new();

    /// <param name="key">For <see cref="Leave"/>; null where nothing is counted.</param>
    /// <returns>Whether there may be one more.</returns>
    public bool TryEnter(EndPoint? from, out UInt128? key)
    {
        key = null;
        if (limits.MaxSilentPerIp == 0 || from is not IPEndPoint { Address: var address } || addresses.IsProxy(address))
            return true;
        var counted = ConnectionAdmission.KeyOf(address);
        if (!_counts.TryEnter(counted, limits.MaxSilentPerIp))
        {
            metrics.Limited("silent_per_ip");
            return false;
        }

        key = counted;
        return true;
    }

    public void Leave(UInt128? key)
    {
        if (key is { } counted)
            _counts.Leave(counted);
    }
}
