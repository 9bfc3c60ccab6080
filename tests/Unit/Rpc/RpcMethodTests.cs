using System.Diagnostics.Metrics;
using Fanout.Node.Auth;
using Fanout.Node.Rpc;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Fanout.Tests.Unit.Rpc;

public sealed class RpcMethodTests : IDisposable
{
    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();

    // Nothing known does it; but the gauge would be wrong for as long as the node lives.
    [Fact]
    public async Task Call_ThatFailsInAWayThatNobodyThoughtOf_IsCountedOut()
    {
        var active = 0L;
        var outcomes = new List<string?>();
        var meters = _services.GetRequiredService<IMeterFactory>();
        using var listener = new MeterListener { InstrumentPublished = (instrument, listening) => Enable(instrument, listening, meters) };
        listener.SetMeasurementEventCallback<long>((instrument, value, _, _) => Interlocked.Add(ref active, instrument.Name == "fanout.rpc.active" ? value : 0));
        listener.SetMeasurementEventCallback<double>((_, _, tags, _) => outcomes.Add((string?)tags[0].Value));
        var metrics = new RpcMetrics(meters);
        listener.Start();
        using var method = new RpcMethod(new RpcMethodOptions { Pattern = "*", Url = "http://127.0.0.1:1/" }, null, TimeProvider.System, metrics, NullLogger.Instance);

        await Assert.ThrowsAsync<NullReferenceException>(() => method.CallAsync(new RpcRequest("1", "m", "c", (Principal)null!, default)));

        Assert.Equal(0, Interlocked.Read(ref active));
        Assert.Equal(["failed"], outcomes);
    }

    public void Dispose() => _services.Dispose();

    private static void Enable(Instrument instrument, MeterListener listener, IMeterFactory meters)
    {
        if (instrument.Meter.Scope == meters)
            listener.EnableMeasurementEvents(instrument);
    }
}
