namespace Fanout.Node.Webhooks;

/// <summary>One item of <c>Fanout:Webhooks</c>: a receiver of the operator, and what it is told.</summary>
internal sealed class WebhookOptions
{
    /// <summary>
    /// Names the receiver in logs, metrics and the API, and in what is kept of how far it is: another name is another receiver, that begins
    /// with what happens from then on. Letters, digits, dots, dashes and underscores; made from the URL where it is unset.
    /// </summary>
    public string? Name { get; set; }

    /// <summary>Where events are posted; http or https. Redirects are not followed.</summary>
    public string Url { get; set; } = "";

    /// <summary>Signs what is sent; at least 16 characters.</summary>
    public string Secret { get; set; } = "";

    /// <summary>Which events: <c>room.occupied</c>, <c>room.vacated</c>, <c>member.joined</c>, <c>member.left</c>, <c>user.online</c>, <c>user.offline</c>.</summary>
    public List<string> Events { get; set; } = [];

    /// <summary>Rooms whose events are told, as a pattern; users' events have none. The rooms of the service itself are never told.</summary>
    public string Rooms { get; set; } = "*";

    /// <summary>So long may the receiver take to answer; up to 5 minutes. When a node dies, another takes over 5 seconds after that.</summary>
    public TimeSpan Timeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Most events in one request; 1 to 1,000.</summary>
    public int BatchSize { get; set; } = 100;

    /// <summary>So often is a request tried before its events become dead letters. 20 tries take about an hour.</summary>
    public int MaxAttempts { get; set; } = 20;

    /// <summary>The pause behind the first failure; it doubles with each further one.</summary>
    public TimeSpan FirstRetry { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>No pause is longer.</summary>
    public TimeSpan LongestRetry { get; set; } = TimeSpan.FromMinutes(5);
}

/// <summary>Settings under <c>Fanout:WebhookQueue</c>, the same on all nodes.</summary>
internal sealed class WebhookQueueOptions
{
    /// <summary>Events that are kept for receivers that do not take them. Over it the oldest are lost, which is counted and logged.</summary>
    public int MaxEvents { get; set; } = 100_000;

    /// <summary>Dead letters that are kept; the oldest make room.</summary>
    public int MaxDeadLetters { get; set; } = 10_000;

    /// <summary>A room that is entered again within this time was never vacated. 0: every emptying that is noticed is told.</summary>
    public TimeSpan VacatedDelay { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>A user who is back within this time was never offline: a reconnect or the reload of a page says nothing.</summary>
    public TimeSpan OfflineDelay { get; set; } = TimeSpan.FromSeconds(5);
}
