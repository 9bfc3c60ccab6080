namespace Fanout.Client.Threading;

/// <summary>
/// The context in which handlers are called. What an <c>async void</c> handler throws behind its first await, as an async lambda of an event
/// does, comes here: it is told, and does not end the process.
/// </summary>
internal sealed class HandlerContext(Action<Exception> failed) : SynchronizationContext
{
    public override void Post(SendOrPostCallback d, object? state) => ThreadPool.UnsafeQueueUserWorkItem(
        static work => work.Context.Run(work.Callback, work.State), (Context: this, Callback: d, State: state), preferLocal: false);

    public override void Send(SendOrPostCallback d, object? state) => d(state);

    public override SynchronizationContext CreateCopy() => this;

    private void Run(SendOrPostCallback callback, object? state)
    {
        var outer = Current;
        SetSynchronizationContext(this);
        try
        {
            callback(state);
        }
        catch (Exception e)
        {
            failed(e);
        }
        finally
        {
            SetSynchronizationContext(outer);
        }
    }
}
