using Fanout.Node.Backplane;

namespace Fanout.Node.Webhooks;

/// <summary>
/// The events of the whole cluster on their way to receivers. What may have changed is marked by whoever changed it; <see cref="CollectAsync"/>
/// looks at the marks, finds what is to be told, and puts it into a bounded queue; each receiver has its own place in the queue, and one node
/// at a time that sends to it.
/// </summary>
/// <remarks>Every method throws <see cref="BackplaneUnavailableException"/> where the backplane cannot be asked.</remarks>
internal interface IWebhookQueue
{
    /// <summary>Looks at what is due, if no other node does.</summary>
    ValueTask<WebhookCollection> CollectAsync();

    /// <summary>Marks rooms that are not as they are told to be, and what no mark was made for, since the backplane lost entries.</summary>
    ValueTask SweepAsync(CancellationToken cancellation);

    /// <summary>
    /// The next events for a receiver, and the right to send them for a while. Behind a failure these are the ones that failed, and none that has
    /// come since.
    /// </summary>
    /// <param name="most">So many events, wanted or not.</param>
    ValueTask<WebhookTurn> TakeAsync(WebhookEndpoint endpoint, int most);

    /// <summary>Goes on behind the events of a turn.</summary>
    /// <param name="sent">How many of them were delivered.</param>
    /// <param name="dead">Those that are given up.</param>
    /// <param name="error">Why they are.</param>
    /// <returns>False: another node has taken over.</returns>
    ValueTask<bool> FinishAsync(WebhookEndpoint endpoint, WebhookTurn turn, int sent, IReadOnlyList<QueuedEvent> dead, string error);

    /// <summary>Notes that a turn's events could not be delivered, and when they are tried again, by whatever node.</summary>
    /// <param name="isRefusal">The receiver works, and refused them for what they are.</param>
    ValueTask FailAsync(WebhookEndpoint endpoint, WebhookTurn turn, TimeSpan retryIn, bool isRefusal, string error);

    /// <summary>This node sends no more: others need not wait for its rights to end.</summary>
    ValueTask ReleaseAsync();

    ValueTask<IReadOnlyList<WebhookState>> StatesAsync();

    /// <summary>One page of dead letters, the oldest first.</summary>
    ValueTask<Page<DeadLetter>> DeadLettersAsync(string? after, int limit);

    /// <summary>Puts dead letters back into the queue, for the receivers that they were dead for, as far as the queue has room.</summary>
    /// <param name="endpoints">The receivers whose dead letters are meant; those of others stay.</param>
    ValueTask<WebhookReplay> ReplayAsync(IReadOnlyCollection<string> endpoints);
}

/// <summary>An event in the queue.</summary>
/// <param name="Target">The one receiver that it is for; null: whoever wants it.</param>
internal sealed record QueuedEvent(long Number, string Type, string Room, string? Target, ReadOnlyMemory<byte> Json);

/// <param name="IsOurs">False: another node collects.</param>
/// <param name="MayBeMore">Whether more is due already.</param>
/// <param name="Lost">Events that were dropped because nobody collected them.</param>
internal readonly record struct WebhookCollection(bool IsOurs, bool MayBeMore, long Added, long Lost);

/// <summary>What one node may do for a receiver now.</summary>
/// <param name="IsOurs">False: another node sends to it.</param>
/// <param name="Wait">So long is the receiver left alone after a failure.</param>
/// <param name="Cursor">How far the receiver was.</param>
/// <param name="Attempts">How often these events have failed.</param>
/// <param name="Refusals">How often of these the receiver refused them for what they are.</param>
/// <param name="Lost">At most so many events fell out of the queue before this receiver took them: what it does not want is counted too.</param>
internal sealed record WebhookTurn(bool IsOurs, TimeSpan Wait, long Cursor, int Attempts, int Refusals, long Lost, IReadOnlyList<QueuedEvent> Events)
{
    public static readonly WebhookTurn Held = new(false, TimeSpan.Zero, 0, 0, 0, 0, []);

    public static WebhookTurn Waiting(TimeSpan wait) => new(true, wait, 0, 0, 0, 0, []);
}

/// <summary>How it is with a receiver.</summary>
/// <param name="Pending">At most so many events wait for it.</param>
/// <param name="Lost">At most so many were lost for it.</param>
/// <param name="FailingSince">Null while it works.</param>
internal sealed record WebhookState(
    string Name, long Pending, int Attempts, DateTimeOffset? FailingSince, string? LastError, DateTimeOffset? LastErrorAt, long Sent, long Dead, long Lost);

/// <summary>What became of dead letters that were to come back.</summary>
/// <param name="IsMore">Some that were meant stay: the queue has no room for them now.</param>
internal readonly record struct WebhookReplay(long Replayed, bool IsMore);

/// <summary>An event that was given up for a receiver.</summary>
internal sealed record DeadLetter(string Id, string Endpoint, int Attempts, string Error, DateTimeOffset At, ReadOnlyMemory<byte> Json);
