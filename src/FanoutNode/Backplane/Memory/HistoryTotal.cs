namespace Fanout.Node.Backplane.Memory;

/// <summary>Bytes that all rooms keep together, up to a bound. Thread-safe.</summary>
/// <param name="most">0: no bound.</param>
/// <param name="onRefused">Told of each refusal.</param>
internal sealed class HistoryTotal(long most, Action? onRefused)
{
    // Of the bound, what keys of publishes may take: 15 minutes of them, and whoever publishes without a key is not kept from it by them.
    private const int PartForKeys = 4;

    private long _bytes;
    private long _keyBytes;

    public bool TryAdd(long bytes) => TryAdd(ref _bytes, bytes, most);

    public void Remove(long bytes) => Interlocked.Add(ref _bytes, -bytes);

    /// <summary>The same for what is remembered of a publish with a key.</summary>
    public bool TryAddKey(long bytes) => TryAdd(ref _keyBytes, bytes, most / PartForKeys);

    public void RemoveKey(long bytes) => Interlocked.Add(ref _keyBytes, -bytes);

    private bool TryAdd(ref long sum, long bytes, long bound)
    {
        if (Interlocked.Add(ref sum, bytes) <= bound || most == 0)
            return true;
        Interlocked.Add(ref sum, -bytes);
        onRefused?.Invoke();
        return false;
    }
}
