using Fanout.Tests.TestKit;

namespace Fanout.Tests.Client.Nodes;

/// <summary>Collects, and waits for what it should have collected.</summary>
internal sealed class Collected<T>
{
    private readonly List<T> _items = [];
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public void Add(T item)
    {
        lock (_items)
        {
            _items.Add(item);
            _changed.TrySetResult();
        }
    }

    public T[] Items
    {
        get
        {
            lock (_items)
                return [.. _items];
        }
    }

    public async Task<T[]> CountAsync(int count, TimeSpan? deadline = null)
    {
        await WaitAsync(count).WithDeadline($"{count} items", deadline, () => $"so far {Items.Length}: ... {string.Join(", ", Items.TakeLast(5))}");
        return Items;
    }

    private async Task WaitAsync(int count)
    {
        while (true)
        {
            Task changed;
            lock (_items)
            {
                if (_items.Count >= count)
                    return;
                if (_changed.Task.IsCompleted)
                    _changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                changed = _changed.Task;
            }

            await changed;
        }
    }
}
