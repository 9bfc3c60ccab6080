namespace Fanout.Node.Backplane;

/// <summary>Whether the backplane does its work.</summary>
internal enum BackplaneState
{
    /// <summary>Publishes may be refused and messages of other nodes may be late.</summary>
    Degraded = 0,

    Healthy = 1,
}

internal static class BackplaneStates
{
    /// <summary>The name that clients see.</summary>
    public static string ToWire(this BackplaneState state) => state == BackplaneState.Healthy ? "healthy" : "degraded";
}
