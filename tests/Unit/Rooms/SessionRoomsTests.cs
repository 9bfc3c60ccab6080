using Fanout.Node.Rooms;
using Fanout.Tests.TestKit;
using Xunit;

namespace Fanout.Tests.Unit.Rooms;

public sealed class SessionRoomsTests
{
    private readonly SessionRooms _rooms = new();
    private readonly TaskCompletionSource _answered = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _mayEnd = new(TaskCreationOptions.RunContinuationsAsynchronously);

    // Whoever reads "left" at the limit joins another room at once, and was refused where the leave's own end was late.
    [Fact]
    public async Task Room_ThatWasGivenBack_TakesNoPlace_WhileItsOperationEnds()
    {
        _rooms.Enqueue("room", LeaveAsync);
        await _answered.Task.WithDeadline("the answer");

        Assert.Empty(_rooms.Names);
        Assert.False(_rooms.Contains("room"));

        _mayEnd.SetResult();
        await RunAsync("other");
        await RunAsync("room");
        await Eventually.TrueAsync(() => _rooms.Count == 0, "no room");
    }

    [Fact]
    public async Task Operation_BehindOneThatGaveItsPlaceBack_TakesThePlaceAgain_AndKeepsItsTurn()
    {
        _rooms.Enqueue("room", LeaveAsync);
        await _answered.Task.WithDeadline("the answer");
        var next = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _rooms.Enqueue("room", _ =>
        {
            next.SetResult();
            return Task.CompletedTask;
        });

        Assert.Equal(["room"], _rooms.Names);
        Assert.True(_rooms.Contains("room"));
        Assert.False(next.Task.IsCompleted);
        _mayEnd.SetResult();
        await next.Task.WithDeadline("the next operation");
        await Eventually.TrueAsync(() => _rooms.Count == 0, "no room");
    }

    // A join behind the leave is already asked for.
    [Fact]
    public async Task Room_WithMoreThatWaits_IsNotGivenBack()
    {
        var begin = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _rooms.Enqueue("room", async room =>
        {
            await begin.Task;
            await LeaveAsync(room);
        });
        _rooms.Enqueue("room", _ => Task.CompletedTask);
        begin.SetResult();
        await _answered.Task.WithDeadline("the answer");

        Assert.Equal(["room"], _rooms.Names);
        _mayEnd.SetResult();
        await Eventually.TrueAsync(() => _rooms.Count == 0, "no room");
    }

    private Task LeaveAsync(SessionRoom room)
    {
        _rooms.GiveBack(room);
        _answered.SetResult();
        return _mayEnd.Task;
    }

    private Task RunAsync(string name)
    {
        var ran = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _rooms.Enqueue(name, _ =>
        {
            ran.SetResult();
            return Task.CompletedTask;
        });
        return ran.Task.WithDeadline("an operation");
    }
}
