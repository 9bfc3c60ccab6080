namespace Fanout.Tests.TestKit;

/// <summary>The one place for how long a test waits, and for what it says when it waited in vain.</summary>
public static class Deadlines
{
    // Long enough for a cold node on two busy cores; a healthy test never gets near it.
    private static readonly TimeSpan OnAWorkstation = TimeSpan.FromSeconds(20);

    /// <summary>Whether the machine belongs to others too.</summary>
    public static bool IsCi { get; } = string.Equals(Environment.GetEnvironmentVariable("CI"), "true", StringComparison.OrdinalIgnoreCase);

    public static TimeSpan Default { get; } = IsCi ? OnAWorkstation * 2 : OnAWorkstation;

    /// <summary>Awaits the task, or throws a <see cref="TimeoutException"/> that names <paramref name="what"/> was awaited.</summary>
    /// <param name="context">Asked only on failure, for example for a node's last log lines.</param>
    public static async Task WithDeadline(this Task task, string what, TimeSpan? deadline = null, Func<string>? context = null)
    {
        using var timer = new CancellationTokenSource();
        if (await Task.WhenAny(task, Task.Delay(deadline ?? Default, timer.Token)) != task)
            throw Missed(what, deadline, context);
        await timer.CancelAsync();
        await task;
    }

    /// <inheritdoc cref="WithDeadline(Task, string, TimeSpan?, Func{string}?)"/>
    public static async Task<T> WithDeadline<T>(this Task<T> task, string what, TimeSpan? deadline = null, Func<string>? context = null)
    {
        await WithDeadline((Task)task, what, deadline, context);
        return await task;
    }

    /// <summary>Runs an action that can be cancelled, so that nothing goes on behind the test's back after the deadline.</summary>
    public static async Task<T> RunAsync<T>(
        Func<CancellationToken, Task<T>> action, string what, TimeSpan? deadline = null, Func<string>? context = null)
    {
        using var timer = new CancellationTokenSource(deadline ?? Default);
        try
        {
            return await action(timer.Token);
        }
        catch (OperationCanceledException) when (timer.IsCancellationRequested)
        {
            throw Missed(what, deadline, context);
        }
    }

    /// <inheritdoc cref="RunAsync{T}"/>
    public static Task RunAsync(
        Func<CancellationToken, Task> action, string what, TimeSpan? deadline = null, Func<string>? context = null) =>
        RunAsync(
            async cancelled =>
            {
                await action(cancelled);
                return true;
            },
            what, deadline, context);

    internal static TimeoutException Missed(string what, TimeSpan? deadline, Func<string>? context, Exception? inner = null)
    {
        var seconds = (deadline ?? Default).TotalSeconds;
        var message = $"Waited {seconds:0.###} s in vain for: {what}";
        return new TimeoutException(context is null ? message : $"{message}{Environment.NewLine}{context()}", inner);
    }
}
