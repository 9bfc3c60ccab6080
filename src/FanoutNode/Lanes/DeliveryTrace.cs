using System.Diagnostics;
using Fanout.Node.Diagnostics;

namespace Fanout.Node.Lanes;

/// <summary>
/// The way of one sampled message through this node: counts the lanes that still have it, and records one <c>deliver</c> span when the last of
/// them has sent it. Messages that are not sampled have none.
/// </summary>
/// <param name="parent">The span that put the message into the backplane.</param>
internal sealed class DeliveryTrace(ActivityContext parent)
{
    // More than anybody reads, and a bound for a block of hundreds.
    private const int MostLinks = 16;

    private DateTimeOffset _received;
    private int _left;
    private int _members;

    public ActivityContext Parent { get; } = parent;

    /// <summary>Before the first lane gets it. The poster is counted too, so that a quick lane does not end it between two posts.</summary>
    public void Begin(TimeProvider time)
    {
        _received = time.GetUtcNow();
        Volatile.Write(ref _left, 1);
    }

    /// <summary>One more lane is about to get it.</summary>
    public void Expect() => Interlocked.Increment(ref _left);

    /// <summary>One of the members that <see cref="Done"/> is about to count does not get this message: it is the publisher, or whom it left out.</summary>
    public void Spare() => Interlocked.Decrement(ref _members);

    /// <summary>A lane is done with it, or the poster is.</summary>
    /// <param name="members">To how many members it was sent there.</param>
    /// <param name="block">The messages that were sent together with it.</param>
    public void Done(RoomMessage message, int members, ReadOnlySpan<RoomMessage> block)
    {
        Interlocked.Add(ref _members, members);
        if (Interlocked.Decrement(ref _left) == 0)
            Record(message, block);
    }

    private void Record(RoomMessage message, ReadOnlySpan<RoomMessage> block)
    {
        var tags = new ActivityTagsCollection
        {
            [FanoutTracing.System] = FanoutTracing.SystemName,
            [FanoutTracing.Operation] = "process",
            [FanoutTracing.Destination] = message.Room.Name,
            [FanoutTracing.MessageId] = message.Id,
            [FanoutTracing.Members] = Volatile.Read(ref _members),
        };
        if (message.Offset is { } offset)
            tags[FanoutTracing.Offset] = offset;
        if (block.Length > 1)
            tags[FanoutTracing.BatchCount] = block.Length;
        // Started and stopped in one go: a lane has no place for something that lasts.
        FanoutTracing.Source.StartActivity(FanoutTracing.DeliverSpan, ActivityKind.Consumer, Parent, tags, Links(block), _received)?.Dispose();
    }

    // One send carried them together, so what one of them waited for the others may explain.
    private List<ActivityLink>? Links(ReadOnlySpan<RoomMessage> block)
    {
        List<ActivityLink>? links = null;
        foreach (var other in block)
        {
            if (other.Trace is { } trace && trace != this && (links is null || links.Count < MostLinks))
                (links ??= []).Add(new ActivityLink(trace.Parent));
        }

        return links;
    }
}
