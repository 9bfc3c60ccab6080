namespace Fanout.Node.Drain;

/// <summary>When each of a number of connections is closed, counted from the moment at which they are told.</summary>
internal static class DrainPlan
{
    /// <summary>
    /// Moments spread over the window, one for each connection, in order. The window grows where it would mean more than so many closes a second
    /// for those who take the clients over, as far as there is time.
    /// </summary>
    /// <param name="perSecond">0: no cap.</param>
    /// <param name="available">The window is never longer.</param>
    public static IReadOnlyList<TimeSpan> Spread(int connections, TimeSpan window, int perSecond, TimeSpan available, Random random)
    {
        if (perSecond > 0 && TimeSpan.FromSeconds((double)connections / perSecond) is var needed && needed > window)
            window = needed;
        if (window > available)
            window = available > TimeSpan.Zero ? available : TimeSpan.Zero;
        // A slot for each, and a random place in it: even over any stretch of the window, unlike moments drawn at random.
        var slot = connections == 0 ? TimeSpan.Zero : window / connections;
        var moments = new TimeSpan[connections];
        for (var i = 0; i < connections; i++)
            moments[i] = slot * (i + random.NextDouble());
        return moments;
    }
}
