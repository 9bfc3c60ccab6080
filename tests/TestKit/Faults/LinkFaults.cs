namespace Fanout.Tests.TestKit.Faults;

internal sealed record LinkFaults(bool BlackHole, TimeSpan Delay, int? BytesPerSecond)
{
    public static readonly LinkFaults None = new(BlackHole: false, TimeSpan.Zero, BytesPerSecond: null);
}
