using Fanout.Node.Lanes;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Fanout.Tests.Unit.Lanes;

public sealed class LanePaceTests
{
    private readonly FakeTimeProvider _time = new();
    private LanePace _pace;

    public LanePaceTests() => _pace = new LanePace(_time);

    [Fact]
    public void Lane_ThatIsBehind_WaitsAnEighthOfItsLastRound()
    {
        Round(messages: 20, milliseconds: 1.6);

        Assert.Equal(200, WaitInMicroseconds(waiting: 5), 20d);
    }

    [Fact]
    public void Wait_IsNeverLongerThanAQuarterOfAMillisecond()
    {
        Round(messages: 20, milliseconds: 50);

        Assert.Equal(250, WaitInMicroseconds(waiting: 5), 20d);
    }

    [Fact]
    public void Wait_EndsAsSoonAsAsManyAreThereAsLately()
    {
        Round(messages: 20, milliseconds: 1.6);

        Assert.True(_pace.WaitsForMore(19));
        Assert.False(_pace.WaitsForMore(20));
    }

    [Fact]
    public void ShortRounds_AreFollowedAtOnce()
    {
        Round(messages: 20, milliseconds: 0.2);

        Assert.False(_pace.WaitsForMore(1));
    }

    // One message now and then to a large room: its round is long, but nothing else is on its way.
    [Fact]
    public void Lane_ThatWasIdleForLongerThanItWasBusy_DoesNotWait()
    {
        Round(messages: 20, milliseconds: 2);
        _time.Advance(TimeSpan.FromMilliseconds(2.1));

        Assert.False(_pace.WaitsForMore(1));
    }

    [Fact]
    public void OneMessageAfterAnother_DoesNotWait()
    {
        Round(messages: 1, milliseconds: 2);

        Assert.False(_pace.WaitsForMore(1));
    }

    // Timers and commands only: nothing to join.
    [Fact]
    public void WorkWithoutMessages_DoesNotWait()
    {
        Round(messages: 20, milliseconds: 2);

        Assert.False(_pace.WaitsForMore(0));
    }

    [Fact]
    public void Expectation_IsForgotten()
    {
        Round(messages: 8, milliseconds: 2);
        for (var i = 0; i < 8; i++)
            Round(messages: 1, milliseconds: 2);

        Assert.False(_pace.WaitsForMore(1));
    }

    private void Round(int messages, double milliseconds)
    {
        _pace.Begin(messages);
        _time.Advance(TimeSpan.FromMilliseconds(milliseconds));
        _pace.End();
    }

    private double WaitInMicroseconds(int waiting)
    {
        var begin = _time.GetTimestamp();
        while (_pace.WaitsForMore(waiting))
            _time.Advance(TimeSpan.FromMicroseconds(10));
        return _time.GetElapsedTime(begin).TotalMicroseconds;
    }
}
