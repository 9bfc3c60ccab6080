using Fanout.Node.Backplane;
using Fanout.Node.Console;
using Fanout.Node.Control;
using Fanout.Node.Drain;
using Fanout.Node.Hosting;
using Fanout.Tests.TestKit;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Fanout.Tests.Unit.Console;

/// <summary>The reporter's pace: when it speaks, what it says last, and that it waits where there is nothing to do.</summary>
public sealed class ReporterTests : IAsyncDisposable
{
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(250);

    private readonly WebApplication _app = NodeApplication.Build(["--Fanout:Auth:AllowAnonymous=true"]);
    private readonly TickWatch _time = new();

    private NotableEvents Events => _app.Services.GetRequiredService<NotableEvents>();

    // An event waits, and the one before it is on its way to a Redis that hangs: the loop went round without a pause, a core of it.
    [Fact]
    public async Task Loop_WhileAnEventIsOnItsWay_WaitsForTheNextTick()
    {
        using var reporter = New(out var backplane, hangs: true);
        Events.Add(OpsEventKind.BackplaneDegraded, OpsLevel.Bad, "degraded");
        await reporter.StartAsync(TestContext.Current.CancellationToken);
        await backplane.Asked.WithDeadline("the event to be published");
        await PassAsync(4);

        var before = _time.Ticks;
        // Nothing can be waited for that must not come. A loop that spins goes round some ten thousand times meanwhile, one that waits not once.
        await Task.Delay(100, TestContext.Current.CancellationToken);

        Assert.InRange(before, 4, 6);
        Assert.Equal(before, _time.Ticks);
        await StopAsync(reporter);
    }

    [Fact]
    public async Task Reports_ComeTwiceASecond_AndAtOnceWhenTheStateChanges()
    {
        using var reporter = New(out var backplane);
        await reporter.StartAsync(TestContext.Current.CancellationToken);
        await PassAsync(1);
        Assert.Equal(0, backplane.Reports);

        _app.Services.GetRequiredService<OrderDesk>().OnControl(new ControlOrder(ControlOrder.Watch, "1").ToBytes());
        await PassAsync(1);
        Assert.Equal(1, backplane.Reports);
        await PassAsync(4);
        Assert.Equal(3, backplane.Reports);

        backplane.State = BackplaneState.Degraded;
        await PassAsync(1);
        Assert.Equal(4, backplane.Reports);
        _app.Services.GetRequiredService<DrainState>().Enter(DrainPhase.Announced);
        await PassAsync(1);
        Assert.Equal(5, backplane.Reports);
        await StopAsync(reporter);
    }

    [Fact]
    public async Task Reports_EndWhenNobodyOrdersThemAnyMore()
    {
        using var reporter = New(out var backplane);
        await reporter.StartAsync(TestContext.Current.CancellationToken);
        await PassAsync(1);
        _app.Services.GetRequiredService<OrderDesk>().OnControl(new ControlOrder(ControlOrder.Watch, "1").ToBytes());
        await PassAsync(50);
        var reports = backplane.Reports;

        await PassAsync(20);

        Assert.InRange(reports, 15, 22);
        Assert.Equal(reports, backplane.Reports);
        await StopAsync(reporter);
    }

    // The last phases of a drain pass between two looks of the loop; without this the page took the node for dead.
    [Fact]
    public async Task End_OfADrainThatNobodySaw_IsStillTold()
    {
        using var reporter = New(out var backplane);
        await reporter.StartAsync(TestContext.Current.CancellationToken);
        await PassAsync(1);
        _app.Services.GetRequiredService<DrainState>().Enter(DrainPhase.Drained);

        await reporter.StopAsync(TestContext.Current.CancellationToken);

        Assert.Equal([OpsEventKind.NodeDraining, OpsEventKind.NodeLeft], backplane.EventKinds);
    }

    [Fact]
    public async Task Drain_OfWhichEachPhaseIsSeen_IsToldOnce()
    {
        using var reporter = New(out var backplane);
        await reporter.StartAsync(TestContext.Current.CancellationToken);
        foreach (var phase in Enum.GetValues<DrainPhase>().Where(phase => phase > DrainPhase.Serving))
        {
            _app.Services.GetRequiredService<DrainState>().Enter(phase);
            await PassAsync(2);
        }

        await reporter.StopAsync(TestContext.Current.CancellationToken);

        Assert.Equal([OpsEventKind.NodeDraining, OpsEventKind.NodeLeft], backplane.EventKinds);
    }

    [Fact]
    public async Task Stop_WhileTheBackplaneHangs_DoesNotWaitForIt()
    {
        using var reporter = New(out var backplane, hangs: true);
        Events.Add(OpsEventKind.BackplaneDegraded, OpsLevel.Bad, "degraded");
        await reporter.StartAsync(TestContext.Current.CancellationToken);
        await backplane.Asked.WithDeadline("the event to be published");

        await StopAsync(reporter);

        Assert.Empty(backplane.EventKinds);
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private ConsoleReporter New(out PlayedBackplane backplane, bool hangs = false) =>
        ActivatorUtilities.CreateInstance<ConsoleReporter>(_app.Services, _time, backplane = new PlayedBackplane { Hangs = hangs });

    // One look of the loop for each: the next one is made when it has set its timer again.
    private async Task PassAsync(int ticks)
    {
        for (var i = 0; i < ticks; i++)
        {
            await Eventually.TrueAsync(() => _time.IsWaiting, "the loop to wait");
            var before = _time.Ticks;
            _time.Advance(Tick);
            await Eventually.TrueAsync(() => _time.Ticks > before, "the next look");
        }

        await Eventually.TrueAsync(() => _time.IsWaiting, "the loop to wait");
    }

    private async Task StopAsync(ConsoleReporter reporter)
    {
        var stopped = reporter.StopAsync(TestContext.Current.CancellationToken);
        await Eventually.TrueAsync(
            () =>
            {
                _time.Advance(Tick);
                return stopped.IsCompleted;
            },
            "the reporter to stop");
        await stopped;
    }

    /// <summary>Counts how often the loop went to wait.</summary>
    private sealed class TickWatch : FakeTimeProvider
    {
        private int _ticks;

        public int Ticks => Volatile.Read(ref _ticks);

        public bool IsWaiting => Ticks > 0;

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            var timer = base.CreateTimer(callback, state, dueTime, period);
            if (dueTime == Tick)
                Interlocked.Increment(ref _ticks);
            return timer;
        }
    }
}
