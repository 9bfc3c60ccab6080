using Fanout.Node.Backplane;
using Fanout.Node.Connections;
using Fanout.Node.Diagnostics;
using Fanout.Node.Limits;
using Fanout.Node.Rpc;

namespace Fanout.Node.Hosting;

/// <summary>Measures, when the exporters listen, what is known before anything has happened: zeros, limits, who this is.</summary>
internal sealed class MetricsService(IBackplane backplane, Readiness readiness, LimitsOptions limits, RpcOptions rpc, RpcMetrics rpcMetrics, FanoutMetrics metrics) : IHostedService
{
    public Task StartAsync(CancellationToken cancellationToken)
    {
        metrics.BeginAtZero(CloseReasons.All);
        rpcMetrics.BeginAtZero(rpc.Methods.Select(method => method.Pattern).Distinct());
        metrics.ObserveBuild(NodeStatus.Version, backplane.NodeName, backplane.System);
        metrics.ObserveReadiness(() => readiness.IsReady(out _));
        metrics.ObserveLimits([("connections", limits.MaxConnections), ("rooms", limits.MaxRooms), ("connection_rate", limits.ConnectionsPerSecond)]);
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
