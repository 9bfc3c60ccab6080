namespace Fanout.Tests.Client.Support;

internal static class Tasks
{
    /// <summary>Nobody waits, and a failure is no news.</summary>
    public static void Forget(this Task task) => _ = task.ContinueWith(static done => _ = done.Exception, TaskScheduler.Default);
}
