namespace Fanout.Node.Presence;

/// <summary>
/// Holds the leaves of lost connections back for a while, so that a client that is soon back was never gone. At the end of the node it lets
/// them all go at once.
/// </summary>
internal sealed class LeaveDelay(PresenceOptions options, TimeProvider time) : IDisposable
{
    private readonly CancellationTokenSource _ending = new();

    public bool IsOn => options.LeaveDelay > TimeSpan.Zero;

    /// <summary>Waits the delay, or until the node ends.</summary>
    public async Task WaitAsync() =>
        await Task.Delay(options.LeaveDelay, time, _ending.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

    /// <summary>Ends all waiting, now and later.</summary>
    public void End() => _ending.Cancel();

    public void Dispose() => _ending.Dispose();
}
