using System.Diagnostics;

namespace Fanout.Tests.TestKit;

/// <summary>
/// Polls until something holds: the only place of the tests that may. For state that sends no signal (a key in Redis, a health
/// endpoint); where a message or a task announces it, await that instead.
/// </summary>
public static class Eventually
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(5);
    private static readonly TimeSpan LongestPause = TimeSpan.FromMilliseconds(50);

    public static Task TrueAsync(Func<bool> condition, string what, TimeSpan? deadline = null, Func<string>? context = null) =>
        TrueAsync(() => Task.FromResult(condition()), what, deadline, context);

    public static Task TrueAsync(Func<Task<bool>> condition, string what, TimeSpan? deadline = null, Func<string>? context = null) =>
        ValueAsync(condition, holds => holds, what, deadline, context);

    /// <summary>Reads until the value is as wanted, and returns it; the failure shows the last value.</summary>
    /// <remarks>A read that throws counts as "not yet" (Redis may be restarting); the last exception is the inner one of the
    /// failure.</remarks>
    public static async Task<T> ValueAsync<T>(
        Func<Task<T>> read, Func<T, bool> wanted, string what, TimeSpan? deadline = null, Func<string>? context = null)
    {
        var started = Stopwatch.GetTimestamp();
        var pause = FirstPause;
        while (true)
        {
            var left = (deadline ?? Deadlines.Default) - Stopwatch.GetElapsedTime(started);
            string seen;
            Exception? error = null;
            try
            {
                var value = await read().WithDeadline(what, left > TimeSpan.Zero ? left : TimeSpan.Zero);
                if (wanted(value))
                    return value;
                seen = $"last seen: {value}";
            }
            catch (Exception e)
            {
                (seen, error) = ($"last error: {e.Message}", e);
            }

            if (left <= TimeSpan.Zero)
                throw Deadlines.Missed($"{what}; {seen}", deadline, context, error);
            await Task.Delay(pause < left ? pause : left);
            pause = pause * 2 < LongestPause ? pause * 2 : LongestPause;
        }
    }
}
