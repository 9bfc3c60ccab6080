using Fanout.Node.Backplane.Redis;

namespace Fanout.Tests.Unit.Backplane.Redis;

/// <summary>Notes what it is asked to remove.</summary>
internal sealed class FakeReaper : INodeReaper
{
    public int Reaps { get; private set; }

    public List<string> Removed { get; } = [];

    /// <summary>What the next removal fails with.</summary>
    public Exception? Failure { get; set; }

    public Task ReapAsync(CancellationToken cancellation)
    {
        Reaps++;
        return Task.CompletedTask;
    }

    public Task<long> RemoveAsync(string id, CancellationToken cancellation)
    {
        if (Failure is { } failure)
        {
            Failure = null;
            return Task.FromException<long>(failure);
        }

        Removed.Add(id);
        return Task.FromResult(0L);
    }
}
