namespace Fanout.Node.Drain;

/// <summary>How far a node is with leaving. It only ever goes forward.</summary>
internal enum DrainPhase
{
    /// <summary>Not leaving.</summary>
    Serving,

    /// <summary>Readiness fails and handshakes are refused; clients know of nothing, while proxies notice.</summary>
    Announced,

    /// <summary>Every client was told its moment, and is closed at it.</summary>
    Closing,

    /// <summary>All are closed or being closed; what waits for slow sockets goes out.</summary>
    Flushing,

    /// <summary>Members and the node's own keys are taken out of the backplane.</summary>
    Leaving,

    /// <summary>Nothing is left but to stop listening and exit.</summary>
    Drained,
}

internal static class DrainPhases
{
    /// <summary>For people: logs and the readiness check.</summary>
    public static string ToText(this DrainPhase phase) => phase switch
    {
        DrainPhase.Serving => "not draining",
        DrainPhase.Announced => "announced",
        DrainPhase.Closing => "closing",
        DrainPhase.Flushing => "flushing",
        DrainPhase.Leaving => "leaving",
        _ => "drained",
    };
}
