using Fanout.Node.Backplane;
using Fanout.Node.Backplane.Redis;
using Microsoft.Extensions.Logging.Abstractions;
using StackExchange.Redis;
using Xunit;

namespace Fanout.Tests.Unit.Backplane.Redis;

/// <summary>When the lease is renewed, when the node moves to a new incarnation, and when it may judge others.</summary>
public sealed class LeaseKeeperTests : IAsyncLifetime
{
    private static readonly LeaseOptions Options = new() { Renew = TimeSpan.FromSeconds(5), Expire = TimeSpan.FromSeconds(15) };

    private readonly TimerWatch _time = new();
    private readonly FakeReaper _reaper = new();
    private readonly FakeLease _lease;
    private readonly LeaseKeeper _keeper;
    private readonly Queue<TaskCompletionSource<string>> _moves = new();
    private int _moved;

    public LeaseKeeperTests()
    {
        _lease = new FakeLease(_time);
        _keeper = new LeaseKeeper(_lease, new NodeIdentity("node"), _reaper, Options, MoveAsync, _time, NullLogger<LeaseKeeper>.Instance);
    }

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync() => await _keeper.StopAsync(CancellationToken.None);

    [Fact]
    public async Task Beats_ComeAtTheInterval()
    {
        await StartAsync();
        Assert.Equal(1, _lease.Renewals);

        await BeatAsync(times: 3);

        Assert.Equal(4, _lease.Renewals);
    }

    [Fact]
    public async Task Hurry_BeatsAtOnce()
    {
        await StartAsync();

        _keeper.Hurry();
        await _time.NextTimerAsync();

        Assert.Equal(2, _lease.Renewals);
    }

    [Fact]
    public async Task Reaping_BeginsAfterOneExpiryOfOwnRenewals()
    {
        await StartAsync();

        await BeatAsync(times: 2);
        Assert.Equal(0, _reaper.Reaps);

        await BeatAsync();
        Assert.Equal(1, _reaper.Reaps);
    }

    [Fact]
    public async Task Reaping_BeginsAnew_AfterAFailedRenewal()
    {
        await StartAsync();
        await BeatAsync(times: 3);
        Assert.Equal(1, _reaper.Reaps);

        _lease.NextFails(new BackplaneUnavailableException("away"));
        await BeatAsync(times: 4);
        Assert.Equal(1, _reaper.Reaps);

        await BeatAsync();
        Assert.Equal(2, _reaper.Reaps);
    }

    // No kind of failure ends the renewals: a node that stops them loses its members.
    [Fact]
    public async Task Beats_GoOn_WhateverFails()
    {
        _lease.NextFails(new RedisCommandException("not allowed"));
        _lease.NextFails(new OperationCanceledException());
        _lease.NextFails(new InvalidOperationException("a bug"));
        await StartAsync();

        await BeatAsync(times: 3);

        Assert.Equal(4, _lease.Renewals);
    }

    [Fact]
    public async Task Lapse_MovesTheNode_AndSweepsTheOldIncarnationTwice()
    {
        await StartAsync();
        _moves.Enqueue(Done("old"));
        _lease.Next(LeaseContinuity.Lapsed);

        await BeatAsync();
        await BeatAsync(times: 2);
        Assert.Equal(1, _moved);
        Assert.Equal(["old"], _reaper.Removed);

        await BeatAsync();
        Assert.Equal(["old", "old"], _reaper.Removed);
    }

    [Fact]
    public async Task AnotherRunOfRedis_MovesTheNode()
    {
        await StartAsync();
        _moves.Enqueue(Done("old"));
        _lease.Next(LeaseContinuity.Unbroken, "run-2");
        _lease.Next(LeaseContinuity.New, "run-2");

        await BeatAsync(times: 2);

        Assert.Equal(1, _moved);
    }

    // It takes a while to write the members of a large node.
    [Fact]
    public async Task Beats_GoOn_WhileTheNodeMoves()
    {
        await StartAsync();
        var move = new TaskCompletionSource<string>();
        _moves.Enqueue(move);
        _lease.Next(LeaseContinuity.Lapsed);
        _lease.Next(LeaseContinuity.New);

        await BeatAsync(times: 4);
        Assert.Equal((1, 5), (_moved, _lease.Renewals));
        Assert.Empty(_reaper.Removed);

        move.SetResult("old");
        await _time.NextTimerAsync();
        Assert.Equal(["old"], _reaper.Removed);
    }

    [Fact]
    public async Task Move_ThatFails_IsTriedAgain()
    {
        await StartAsync();
        var failed = new TaskCompletionSource<string>();
        failed.SetException(new BackplaneUnavailableException("away"));
        _moves.Enqueue(failed);
        _moves.Enqueue(Done("old"));
        _lease.Next(LeaseContinuity.Lapsed);

        await BeatAsync(times: 2);

        Assert.Equal(2, _moved);
        Assert.Equal(["old"], _reaper.Removed);
    }

    [Fact]
    public async Task Sweep_ThatFails_IsTriedAgain()
    {
        await StartAsync();
        _moves.Enqueue(Done("old"));
        _lease.Next(LeaseContinuity.Lapsed);
        _reaper.Failure = new BackplaneUnavailableException("away");

        await BeatAsync();
        await BeatAsync();

        Assert.Equal(["old"], _reaper.Removed);
    }

    private static TaskCompletionSource<string> Done(string id)
    {
        var done = new TaskCompletionSource<string>();
        done.SetResult(id);
        return done;
    }

    private Task<string> MoveAsync()
    {
        _moved++;
        return _moves.Dequeue().Task;
    }

    private async Task StartAsync()
    {
        _keeper.Start();
        Assert.Equal(Options.Renew, await _time.NextTimerAsync());
    }

    private async Task BeatAsync(int times = 1)
    {
        for (var i = 0; i < times; i++)
        {
            _time.Advance(Options.Renew);
            Assert.Equal(Options.Renew, await _time.NextTimerAsync());
        }
    }
}
