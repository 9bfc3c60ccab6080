namespace Fanout.Node.Backplane.Memory;

/// <summary>Bytes that all rooms keep together, up to a bound. Thread-safe.</summary>
/// <param name="most">0: no bound.</param>
/// <param name="onRefused">Told of each refusal.</param>
internal sealed class HistoryTotal(long most, Action? onRefused)
{
    private long _bytes;

    public bool TryAdd(long bytes)
    {
        if (Interlocked.Add(ref _bytes, bytes) <= most || most == 0)
            return true;
        Interlocked.Add(ref _bytes, -bytes);
        onRefused?.Invoke();
        return false;
    }

    public void Remove(long bytes) => Interlocked.Add(ref _bytes, -bytes);
}
