namespace Fanout.Tests.TestKit.Faults;

/// <summary>What ails one direction of all of a proxy's connections now. Thread-safe.</summary>
internal sealed class Link
{
    private readonly Lock _lock = new();
    private LinkFaults _faults = LinkFaults.None;
    private TaskCompletionSource _changed = New();

    public void Set(Func<LinkFaults, LinkFaults> change)
    {
        TaskCompletionSource changed;
        lock (_lock)
        {
            _faults = change(_faults);
            (changed, _changed) = (_changed, New());
        }

        changed.SetResult();
    }

    /// <summary>The present faults, and a task that completes once they are others.</summary>
    public (LinkFaults Faults, Task Changed) Read()
    {
        lock (_lock)
            return (_faults, _changed.Task);
    }

    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
