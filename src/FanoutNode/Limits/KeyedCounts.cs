using System.Collections.Concurrent;

namespace Fanout.Node.Limits;

/// <summary>Counts by key, each up to a bound. A key whose count is 0 is not kept. Thread-safe, and exact.</summary>
internal sealed class KeyedCounts<TKey>
    where TKey : notnull
{
    private readonly ConcurrentDictionary<TKey, int> _counts = new();

    /// <summary>How many keys have a count.</summary>
    public int Keys => _counts.Count;

    /// <summary>Counts one more, unless there are so many already.</summary>
    public bool TryEnter(TKey key, int most)
    {
        while (true)
        {
            if (!_counts.TryGetValue(key, out var count))
            {
                if (_counts.TryAdd(key, 1))
                    return true;
            }
            else if (count >= most)
            {
                return false;
            }
            else if (_counts.TryUpdate(key, count + 1, count))
            {
                return true;
            }
        }
    }

    /// <summary>Counts one less.</summary>
    public void Leave(TKey key)
    {
        while (_counts.TryGetValue(key, out var count))
        {
            if (count <= 1 ? _counts.TryRemove(new KeyValuePair<TKey, int>(key, count)) : _counts.TryUpdate(key, count - 1, count))
                return;
        }
    }
}
