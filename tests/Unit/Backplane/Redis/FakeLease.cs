using Fanout.Node.Backplane.Redis;

namespace Fanout.Tests.Unit.Backplane.Redis;

/// <summary>A lease whose renewals find what the test says; Redis's clock is the test's.</summary>
internal sealed class FakeLease(TimeProvider time) : ILease
{
    private readonly Queue<Func<LeaseBeat>> _next = new();

    public int Renewals { get; private set; }

    public Task Connected => Task.CompletedTask;

    public long Now => time.GetUtcNow().ToUnixTimeMilliseconds();

    public void Next(LeaseContinuity continuity, string server = "run-1") => _next.Enqueue(() => new LeaseBeat(Now, continuity, server));

    public void NextFails(Exception failure) => _next.Enqueue(() => throw failure);

    public Task<LeaseBeat> RenewAsync()
    {
        Renewals++;
        try
        {
            return Task.FromResult(_next.TryDequeue(out var next) ? next() : new LeaseBeat(Now, LeaseContinuity.Unbroken, "run-1"));
        }
        catch (Exception e)
        {
            return Task.FromException<LeaseBeat>(e);
        }
    }
}
