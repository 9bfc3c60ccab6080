using System.Diagnostics;
using Fanout.Bench.Load.Measuring;
using Fanout.Bench.Load.Servers;
using Fanout.Bench.Load.Traffics;

namespace Fanout.Bench.Load.Scenarios;

/// <summary>What has been done and used so far, or between two moments.</summary>
internal readonly record struct Usage(
    double Seconds, long Deliveries, long Published, double ServerCpu, double RedisCpu, double OwnCpu, double MachineCpu)
{
    /// <summary>Cores that neither server nor generator kept busy.</summary>
    public double OtherCores => Math.Max(0, MachineCpu - ServerCpu - RedisCpu - OwnCpu) / Seconds;

    public static Usage Now(RunningServer server, Traffic traffic)
    {
        using var own = Process.GetCurrentProcess();
        return new(
            Clock.Now / 1e9,
            traffic.Deliveries,
            traffic.Published,
            server.CpuSeconds,
            server.RedisCpuSeconds,
            own.TotalProcessorTime.TotalSeconds,
            ProcessUsage.MachineCpuSeconds());
    }

    public static Usage operator +(Usage a, Usage b) => new(
        a.Seconds + b.Seconds,
        a.Deliveries + b.Deliveries,
        a.Published + b.Published,
        a.ServerCpu + b.ServerCpu,
        a.RedisCpu + b.RedisCpu,
        a.OwnCpu + b.OwnCpu,
        a.MachineCpu + b.MachineCpu);

    public static Usage operator -(Usage a, Usage b) => new(
        a.Seconds - b.Seconds,
        a.Deliveries - b.Deliveries,
        a.Published - b.Published,
        a.ServerCpu - b.ServerCpu,
        a.RedisCpu - b.RedisCpu,
        a.OwnCpu - b.OwnCpu,
        a.MachineCpu - b.MachineCpu);
}
