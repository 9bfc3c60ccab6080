using Fanout.Node.Backplane.Redis;

namespace Fanout.Tests.Unit.Backplane.Redis;

/// <summary>Probes that find what the test says.</summary>
internal sealed class FakeProbe : IProbe
{
    public int Probes { get; private set; }

    public int Drops { get; private set; }

    /// <summary>What the probes find from now on.</summary>
    public Func<ProbeResult> Find { get; set; } = () => ProbeResult.Returned;

    public Task Connected => Task.CompletedTask;

    public Task<ProbeResult> ProbeAsync(CancellationToken cancellation)
    {
        Probes++;
        try
        {
            return Task.FromResult(Find());
        }
        catch (Exception e)
        {
            return Task.FromException<ProbeResult>(e);
        }
    }

    public void DropSubscription() => Drops++;
}
