using System.Diagnostics;

namespace Fanout.Publisher.Batching;

/// <summary>One message, from the call to the acknowledgement.</summary>
internal sealed class QueuedPush(string kind, string name, ReadOnlyMemory<byte> payload, string key, string? exclude)
{
    private readonly TaskCompletionSource<FanoutPushed> _done = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary><c>room</c> or <c>user</c>.</summary>
    public string Kind => kind;

    public string Name => name;

    /// <summary>JSON.</summary>
    public ReadOnlyMemory<byte> Payload => payload;

    /// <summary>Made once, so that a repetition is known for one.</summary>
    public string Key => key;

    public string? Exclude => exclude;

    /// <summary>Of the caller.</summary>
    public ActivityContext Trace { get; } = Activity.Current?.Context ?? default;

    public int Refusals { get; set; }

    public bool IsOver => _done.Task.IsCompleted;

    public Task<FanoutPushed> Task => _done.Task;

    public CancellationTokenRegistration Cancellation { get; set; }

    public void Succeed(FanoutPushed pushed)
    {
        Cancellation.Unregister();
        _done.TrySetResult(pushed);
    }

    public void Fail(Exception error)
    {
        Cancellation.Unregister();
        _done.TrySetException(error);
    }

    public void Cancel(CancellationToken cancellation) => _done.TrySetCanceled(cancellation);
}
