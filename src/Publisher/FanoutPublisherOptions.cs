using Microsoft.Extensions.Logging;

namespace Fanout.Publisher;

/// <summary>The settings of a <see cref="FanoutPublisher"/>. They do not change while it lives.</summary>
public sealed record FanoutPublisherOptions
{
    /// <summary>Where the HTTP API is: <c>https://push.example.com</c>, or the admin port where the nodes have one.</summary>
    public required string Url { get; init; }

    /// <summary>The API key, with the scope <c>publish</c>.</summary>
    public required string ApiKey { get; init; }

    /// <summary>Messages of one request at most. Default 500; 1 to 1,000.</summary>
    public int MaxBatchSize { get; init; } = 500;

    /// <summary>Bytes of payloads of one request at most; a larger payload goes alone. Default 1 MiB; 1 KiB or more, and below the node's limit.</summary>
    public int MaxBatchBytes { get; init; } = 1024 * 1024;

    /// <summary>
    /// How long a message waits for others to go with it. Default 0: what comes while a request is under way goes with the next one, so that
    /// batches grow by themselves and a lone message is not held up.
    /// </summary>
    public TimeSpan Linger { get; init; } = TimeSpan.Zero;

    /// <summary>Messages that may wait; beyond it a publish fails with <c>buffer_full</c>. Default 10,000; 1 or more.</summary>
    public int MaxQueued { get; init; } = 10_000;

    /// <summary>
    /// Bytes of payloads that may wait; beyond it a publish fails with <c>buffer_full</c>, unless nothing else waits. Default 64 MiB; 1 KiB or
    /// more.
    /// </summary>
    public long MaxQueuedBytes { get; init; } = 64 * 1024 * 1024;

    /// <summary>How long one request may take, until the last byte of its answer. Default 5 s; more than 0.</summary>
    public TimeSpan AttemptTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How long a request and its repetitions may take together. Default 30 s; more than 0, and below the 15 minutes that a key lives.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Repetitions of a request at most. Default 8; 1 or more.</summary>
    public int MaxRetries { get; init; } = 8;

    /// <summary>The first delay before a repetition; it doubles, and is jittered. <c>Retry-After</c> of the node comes first. Default 200 ms; more than 0.</summary>
    public TimeSpan RetryDelay { get; init; } = TimeSpan.FromMilliseconds(200);

    /// <summary>What sends the requests, such as a handler with a proxy or certificates. Default: one of its own.</summary>
    public Func<HttpMessageHandler>? CreateHandler { get; init; }

    /// <summary>Where the publisher logs: category <c>Fanout.Publisher</c>, never a key or a payload. Default: nowhere.</summary>
    public ILoggerFactory? LoggerFactory { get; init; }

    /// <summary>Where time comes from. Default: the system.</summary>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;

    internal Uri Check()
    {
        if (!Uri.TryCreate(Url, UriKind.Absolute, out var url) || url.Scheme is not ("http" or "https"))
            throw Wrong(nameof(Url), Url, "an address that begins with http or https");
        if (string.IsNullOrWhiteSpace(ApiKey))
            throw Wrong(nameof(ApiKey), "empty", "a key of Fanout:Api:Keys");
        if (MaxBatchSize is < 1 or > 1_000)
            throw Wrong(nameof(MaxBatchSize), MaxBatchSize, "1 to 1,000");
        if (MaxBatchBytes < 1_024)
            throw Wrong(nameof(MaxBatchBytes), MaxBatchBytes, "1,024 or more");
        if (Linger < TimeSpan.Zero)
            throw Wrong(nameof(Linger), Linger, "0 or more");
        if (MaxQueued < 1)
            throw Wrong(nameof(MaxQueued), MaxQueued, "1 or more");
        if (MaxQueuedBytes < 1_024)
            throw Wrong(nameof(MaxQueuedBytes), MaxQueuedBytes, "1,024 or more");
        if (AttemptTimeout <= TimeSpan.Zero)
            throw Wrong(nameof(AttemptTimeout), AttemptTimeout, "more than 0");
        if (Timeout <= TimeSpan.Zero || Timeout >= TimeSpan.FromMinutes(15))
            throw Wrong(nameof(Timeout), Timeout, "more than 0 and below 15 minutes");
        if (MaxRetries < 1)
            throw Wrong(nameof(MaxRetries), MaxRetries, "1 or more");
        if (RetryDelay <= TimeSpan.Zero)
            throw Wrong(nameof(RetryDelay), RetryDelay, "more than 0");
        ArgumentNullException.ThrowIfNull(TimeProvider);
        return new Uri(url, "/api/v1/messages");
    }

    private static ArgumentException Wrong(string name, object value, string right) =>
        new($"FanoutPublisherOptions.{name} is {value}: it must be {right}.");
}
