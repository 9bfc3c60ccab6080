namespace Fanout.Node.Drain;

/// <summary>When each of a number of connections is closed, counted from the moment at which they are told.</summary>
/// <param name="Moments">One for each connection, in order.</param>
/// <param name="Window">All of them lie within it.</param>
/// <param name="PerSecond">The cap that it keeps to, as far as there is time; 0: none.</param>
internal sealed record DrainPlan(IReadOnlyList<TimeSpan> Moments, TimeSpan Window, int PerSecond)
{
    /// <summary>
    /// Moments spread over the window, one for each connection, in order. The window grows where it would mean more than so many closes a second
    /// for those who take the clients over, as far as there is time.
    /// </summary>
    /// <param name="perSecond">0: no cap.</param>
    /// <param name="available">The window is never longer.</param>
    public static DrainPlan For(int connections, TimeSpan window, int perSecond, TimeSpan available, Random random)
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
        return new DrainPlan(moments, window, perSecond);
    }

    /// <summary>How many may be closed in so much time; at least one.</summary>
    public int PerStep(TimeSpan step) => PerSecond > 0 ? Math.Max(1, (int)(PerSecond * step.TotalSeconds)) : int.MaxValue;
}
