using System.Collections.Concurrent;

namespace Fanout.Node.Backplane.Memory;

/// <summary>Orders and revocations within one process.</summary>
internal sealed class MemoryControl(TimeProvider time) : IControl, IRevocations
{
    private readonly ConcurrentDictionary<string, IBackplaneListener> _nodes = new();
    private readonly ConcurrentDictionary<string, DateTimeOffset> _revoked = new();

    public void Add(string nodeId, IBackplaneListener listener) => _nodes[nodeId] = listener;

    public void Remove(string nodeId) => _nodes.TryRemove(nodeId, out _);

    public ValueTask<long> SendAsync(byte[] order)
    {
        var heard = 0L;
        foreach (var listener in _nodes.Values)
        {
            listener.OnControl(order);
            heard++;
        }

        return ValueTask.FromResult(heard);
    }

    public ValueTask AddAsync(string user, TimeSpan duration)
    {
        var end = time.GetUtcNow() + duration;
        _revoked.AddOrUpdate(user, end, (_, before) => before > end ? before : end);
        return ValueTask.CompletedTask;
    }

    public ValueTask LiftAsync(string user)
    {
        _revoked.TryRemove(user, out _);
        return ValueTask.CompletedTask;
    }

    public ValueTask<IReadOnlyList<Revocation>> ListAsync()
    {
        var now = time.GetUtcNow();
        foreach (var ended in _revoked.Where(entry => entry.Value <= now))
            _revoked.TryRemove(ended);
        return ValueTask.FromResult<IReadOnlyList<Revocation>>([.. _revoked.Select(entry => new Revocation(entry.Key, entry.Value - now))]);
    }
}
