namespace Fanout.Bench.Load.Scenarios;

/// <summary>Slices of a measurement put together.</summary>
internal sealed class Sample
{
    private Usage _usage;

    public LatencyHistogram Latencies { get; } = new();

    public double Seconds => _usage.Seconds;

    public long Deliveries => _usage.Deliveries;

    public long Published => _usage.Published;

    public double ServerCpu => _usage.ServerCpu;

    public double RedisCpu => _usage.RedisCpu;

    public double OwnCpu => _usage.OwnCpu;

    public double OtherCores => _usage.OtherCores;

    public void Add(Usage slice, LatencyHistogram latencies)
    {
        _usage += slice;
        Latencies.Add(latencies);
    }

    /// <summary>CPU seconds as microseconds for each delivery.</summary>
    public double? PerDelivery(double seconds) => Deliveries == 0 ? null : seconds * 1e6 / Deliveries;
}
