using System.Runtime.CompilerServices;
using Fanout.Client.Diagnostics;
using Fanout.Client.Rooms;
using Fanout.Client.Serialization;

namespace Fanout.Client;

/// <summary>A room whose payloads are of one type. <see cref="FanoutPayload"/>: as they are on the wire.</summary>
public sealed class FanoutRoom<T> : FanoutRoom
{
    private readonly IFanoutSerializer<T> _serializer;
    private readonly RoomReader<T> _reader;

    internal FanoutRoom(RoomCore core, IFanoutSerializer<T> serializer) : base(core)
    {
        _serializer = serializer;
        _reader = new RoomReader<T>(core.Host, serializer);
    }

    /// <summary>
    /// Joins, and calls for each message, in order, one call after the other with all other events of the client. For a handler that is
    /// quick: while it runs, no other runs. It may call back into the client, but must not wait for it.
    /// </summary>
    public FanoutSubscription Subscribe(Action<FanoutMessage<T>> handler)
    {
        ArgumentNullException.ThrowIfNull(handler);
        FanoutSubscription? subscription = null;
        var sink = new CallbackSink<T>(_reader, handler, () => subscription!.Over(null));
        subscription = new FanoutSubscription(Core, sink);
        using var turn = Core.Host.Turns.Take();
        Core.Add(sink);
        return subscription;
    }

    /// <summary>
    /// Joins, and calls for each message, in order, the next when the last has completed. Messages that come meanwhile wait in a buffer of
    /// its own. One call that fails is told to <see cref="FanoutClient.Failed"/>, and the next message follows.
    /// </summary>
    public FanoutSubscription Subscribe(Func<FanoutMessage<T>, CancellationToken, Task> handler, FanoutStreamOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(handler);
        return BufferedSubscription.Start(Core, _reader, options ?? FanoutStreamOptions.Default, handler);
    }

    /// <inheritdoc cref="Subscribe(Func{FanoutMessage{T}, CancellationToken, Task}, FanoutStreamOptions?)"/>
    public FanoutSubscription Subscribe(Func<FanoutMessage<T>, Task> handler, FanoutStreamOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(handler);
        return Subscribe((message, _) => handler(message), options);
    }

    /// <summary>As <see cref="Subscribe(Action{FanoutMessage{T}})"/>, and waits until the room is joined.</summary>
    /// <exception cref="FanoutException">The node refuses for good, such as <c>forbidden</c>; the subscription has ended then.</exception>
    public Task<FanoutSubscription> SubscribeAsync(Action<FanoutMessage<T>> handler, CancellationToken cancellationToken = default) =>
        WhenJoinedAsync(Subscribe(handler), cancellationToken);

    /// <summary>As <see cref="Subscribe(Func{FanoutMessage{T}, CancellationToken, Task}, FanoutStreamOptions?)"/>, and waits until the room is joined.</summary>
    /// <exception cref="FanoutException">The node refuses for good, such as <c>forbidden</c>; the subscription has ended then.</exception>
    public Task<FanoutSubscription> SubscribeAsync(
        Func<FanoutMessage<T>, CancellationToken, Task> handler, FanoutStreamOptions? options = null, CancellationToken cancellationToken = default) =>
        WhenJoinedAsync(Subscribe(handler, options), cancellationToken);

    /// <inheritdoc cref="SubscribeAsync(Func{FanoutMessage{T}, CancellationToken, Task}, FanoutStreamOptions?, CancellationToken)"/>
    public Task<FanoutSubscription> SubscribeAsync(
        Func<FanoutMessage<T>, Task> handler, FanoutStreamOptions? options = null, CancellationToken cancellationToken = default) =>
        WhenJoinedAsync(Subscribe(handler, options), cancellationToken);

    /// <summary>The messages for <c>await foreach</c>, with a bounded buffer for each loop.</summary>
    public FanoutMessageStream<T> ReadAllAsync(FanoutStreamOptions? options = null) => new(Core, _reader, options ?? FanoutStreamOptions.Default);

    /// <summary>
    /// Publishes; completes when the backplane has the message. Waits where there is no connection. You need not be a member. Cancelled, or
    /// too late by <see cref="FanoutPublishOptions.Timeout"/>: it is not sent where it has not been; else it may have happened.
    /// </summary>
    /// <exception cref="FanoutException">
    /// What the node says, or <c>buffer_full</c>, <c>bad_message</c>, <c>too_large</c>, <c>timeout</c>, <c>connection_lost</c>, <c>closed</c>.
    /// </exception>
    public Task<FanoutPublished> PublishAsync(T payload, FanoutPublishOptions? options = null, CancellationToken cancellationToken = default) =>
        ClientActivity.PublishAsync(Core.Host, Name, _serializer, payload, options, cancellationToken);

    /// <summary>One page of the room's history, oldest first. You need not be a member.</summary>
    /// <param name="since">Messages behind this position; by default from the oldest that is kept.</param>
    /// <param name="limit">1 to 1,000; default 100.</param>
    public async Task<FanoutHistoryPage<T>> GetHistoryAsync(
        FanoutPosition? since = null, int? limit = null, CancellationToken cancellationToken = default)
    {
        var page = await Core.HistoryAsync(since, limit, cancellationToken);
        return new FanoutHistoryPage<T>([.. page.Messages.Select(_reader.Read).OfType<FanoutMessage<T>>()], page.Position, page.Next);
    }

    /// <summary>The room's history, page by page.</summary>
    /// <param name="since">Messages behind this position; by default from the oldest that is kept.</param>
    /// <param name="upTo">Stops behind this position. After a reset, give its position: what comes live stands behind it.</param>
    public async IAsyncEnumerable<FanoutMessage<T>> ReplayAsync(
        FanoutPosition? since = null, FanoutPosition? upTo = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        do
        {
            var page = await Core.HistoryAsync(since, null, cancellationToken);
            foreach (var message in page.Messages)
            {
                if (upTo is { } end && end.Epoch == page.Position?.Epoch && message.Offset > end.Offset)
                    yield break;
                if (_reader.Read(message) is { } typed)
                    yield return typed;
            }

            since = page.Next;
        }
        while (since is not null);
    }

    private async Task<FanoutSubscription> WhenJoinedAsync(FanoutSubscription subscription, CancellationToken cancellationToken)
    {
        try
        {
            await Core.WhenJoinedAsync(cancellationToken);
            return subscription;
        }
        catch
        {
            subscription.Dispose();
            throw;
        }
    }
}
