using Fanout.Tests.TestKit;
using Xunit;

namespace Fanout.Tests.Unit.TestKit;

public sealed class DeadlinesTests
{
    private static readonly TimeSpan Short = TimeSpan.FromMilliseconds(30);

    [Fact]
    public async Task WithDeadline_WhenMissed_NamesWhatWasAwaitedAndTheContext()
    {
        var never = new TaskCompletionSource<int>();

        var error = await Assert.ThrowsAsync<TimeoutException>(() => never.Task.WithDeadline("the moon", Short, () => "last log line"));

        Assert.Contains("the moon", error.Message, StringComparison.Ordinal);
        Assert.Contains("last log line", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task WithDeadline_WhenTheTaskFails_ThrowsItsException() =>
        await Assert.ThrowsAsync<FormatException>(() => Task.FromException<int>(new FormatException()).WithDeadline("a number"));

    [Fact]
    public async Task RunAsync_WhenMissed_CancelsTheAction()
    {
        var cancelled = false;

        await Assert.ThrowsAsync<TimeoutException>(() => Deadlines.RunAsync(
            async token =>
            {
                await using var seen = token.Register(() => cancelled = true);
                await Task.Delay(Timeout.Infinite, token);
            },
            "for ever", Short));

        Assert.True(cancelled);
    }

    [Fact]
    public async Task Eventually_WhenTheConditionComesTrueAfterAnError_Returns()
    {
        var calls = 0;

        await Eventually.TrueAsync(() => ++calls switch { 1 => throw new IOException(), 2 => false, _ => true }, "the third call");

        Assert.Equal(3, calls);
    }

    [Fact]
    public async Task Eventually_WhenMissed_ShowsTheLastValue()
    {
        var error = await Assert.ThrowsAsync<TimeoutException>(
            () => Eventually.ValueAsync(() => Task.FromResult(41), value => value == 42, "the answer", Short));

        Assert.Contains("last seen: 41", error.Message, StringComparison.Ordinal);
    }
}
