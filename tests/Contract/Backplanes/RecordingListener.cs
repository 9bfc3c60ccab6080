using System.Collections.Concurrent;
using System.Text;
using Fanout.Node.Backplane;
using Fanout.Tests.TestKit;

namespace Fanout.Tests.Contract.Backplanes;

/// <summary>One thing that a backplane delivered. <paramref name="Text"/> is a message's payload, a new epoch, or a notice.</summary>
internal sealed record Delivery(string Room, ChannelFrameKind Kind, string Text, string? Epoch, long? Offset);

/// <summary>Takes what a node would hand to its rooms, keeps it, and lets tests wait for it. Thread-safe.</summary>
internal sealed class RecordingListener : IBackplaneListener
{
    private readonly Lock _lock = new();
    private readonly List<Delivery> _all = [];
    private readonly List<(Func<IReadOnlyList<Delivery>, bool> Holds, TaskCompletionSource Done)> _waiters = [];
    private readonly TaskCompletionSource _healthy = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Task Healthy => _healthy.Task;

    /// <summary>What the test does with each delivery, on the backplane's own stack.</summary>
    public Action? Also { get; set; }

    public void OnMessage(ReadOnlySpan<char> room, ReadOnlySpan<byte> data)
    {
        var delivery = Decode(room.ToString(), data);
        Also?.Invoke();
        lock (_lock)
        {
            _all.Add(delivery);
            _waiters.RemoveAll(waiter => waiter.Holds(_all) && waiter.Done.TrySetResult());
        }
    }

    /// <summary>Orders that came, in UTF-8.</summary>
    public ConcurrentQueue<string> Orders { get; } = new();

    public void OnControl(ReadOnlySpan<byte> order) => Orders.Enqueue(Encoding.UTF8.GetString(order));

    public void OnContinuityLost()
    {
    }

    public void OnStateChanged(BackplaneState state)
    {
        if (state == BackplaneState.Healthy)
            _healthy.TrySetResult();
    }

    public IReadOnlyList<Delivery> Of(string room)
    {
        lock (_lock)
            return [.. _all.Where(delivery => delivery.Room == room)];
    }

    public IReadOnlyList<string> Texts(string room) => [.. Of(room).Select(delivery => delivery.Text)];

    /// <summary>Everything of the room, once there are so many.</summary>
    public async Task<IReadOnlyList<Delivery>> WaitAsync(string room, int count)
    {
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_lock)
        {
            if (Holds(_all))
                done.SetResult();
            else
                _waiters.Add((Holds, done));
        }

        await done.Task.WithDeadline($"{count} deliveries of {room}", context: () => $"There are {Of(room).Count}.");
        return Of(room);

        bool Holds(IReadOnlyList<Delivery> all) => all.Count(delivery => delivery.Room == room) >= count;
    }

    private static Delivery Decode(string room, ReadOnlySpan<byte> data)
    {
        var frame = ChannelFrame.Read(data);
        var epoch = frame.Epoch.IsEmpty ? null : Encoding.ASCII.GetString(frame.Epoch);
        if (frame.Kind is not (ChannelFrameKind.Message or ChannelFrameKind.Sequenced))
            return new Delivery(room, frame.Kind, Encoding.UTF8.GetString(frame.Data), epoch, null);
        if (!MessageCodec.TryDecode(frame.Data.ToArray(), out var message))
            throw new InvalidDataException($"Room {room} delivered a message that cannot be decoded");
        return new Delivery(
            room, frame.Kind, Encoding.UTF8.GetString(message.Payload.Bytes.Span), epoch, frame.Kind == ChannelFrameKind.Sequenced ? frame.Offset : null);
    }
}
