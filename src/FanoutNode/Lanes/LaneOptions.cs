namespace Fanout.Node.Lanes;

/// <summary>Settings under <c>Fanout:Lanes</c>; made for measuring, the defaults fit.</summary>
internal sealed class LaneOptions
{
    /// <summary>
    /// Number of lanes. 0, the default: one for each core. More only add wake-ups; fewer leave cores idle. On two cores one and two are
    /// equally fast within the noise, since the kernel's part of a send is what counts.
    /// </summary>
    public int Count { get; set; }

    /// <summary>
    /// Room messages that may wait in one lane. Beyond it, messages of rooms without history are dropped and counted. Too small: drops in
    /// bursts; too large: memory and delay when a lane cannot keep up.
    /// </summary>
    public int InboxCapacity { get; set; } = 16_384;

    public int EffectiveCount => Count > 0 ? Count : Environment.ProcessorCount;
}
