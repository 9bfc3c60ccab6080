namespace Fanout.Tests.TestKit.Processes;

/// <summary>The last lines that a process wrote. Thread-safe.</summary>
internal sealed class BoundedLog
{
    private const int MaxLines = 20_000;

    private readonly Queue<string> _lines = new();
    private readonly Lock _lock = new();
    private readonly List<(Func<string, bool> Wanted, TaskCompletionSource<string> Found)> _waiters = [];

    public void Add(string line)
    {
        lock (_lock)
        {
            if (_lines.Count == MaxLines)
                _lines.Dequeue();
            _lines.Enqueue(line);
            _waiters.RemoveAll(waiter => waiter.Wanted(line) && waiter.Found.TrySetResult(line));
        }
    }

    /// <summary>The first line, old or new, that fits.</summary>
    public Task<string> LineAsync(Func<string, bool> wanted)
    {
        lock (_lock)
        {
            if (_lines.FirstOrDefault(wanted) is { } line)
                return Task.FromResult(line);
            var found = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
            _waiters.Add((wanted, found));
            return found.Task;
        }
    }

    public IReadOnlyList<string> Lines()
    {
        lock (_lock)
            return [.. _lines];
    }

    /// <summary>The end of the log as text, for failure messages.</summary>
    public string Tail(int lines = 40) => string.Join(Environment.NewLine, Lines().TakeLast(lines));
}
