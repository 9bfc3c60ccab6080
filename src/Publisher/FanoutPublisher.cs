using System.Security.Cryptography;
using System.Text.Json.Serialization.Metadata;
using Fanout.Client;
using Fanout.Publisher.Batching;
using Fanout.Publisher.Http;
using Microsoft.Extensions.Logging.Abstractions;

namespace Fanout.Publisher;

/// <summary>
/// Publishes to rooms and users over HTTP, for back ends. Publishes that are called at the same time share requests; requests that fail for
/// the moment are repeated, and since each message has a key, none happens twice. Safe to be used from every thread; make one and keep it.
/// </summary>
/// <remarks>
/// One request is under way at a time, so messages reach a room in the order of the calls. Where the node refuses single messages of a batch for
/// the moment, they are sent again behind those that it took.
/// </remarks>
public sealed class FanoutPublisher : IAsyncDisposable
{
    private readonly HttpClient _http;
    private readonly BatchQueue _queue;

    /// <exception cref="ArgumentException">An option is wrong; the message names it, its value and what is right.</exception>
    public FanoutPublisher(FanoutPublisherOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        var address = options.Check();
        var logger = options.LoggerFactory?.CreateLogger("Fanout.Publisher") ?? NullLogger.Instance;
        _http = PublisherPipeline.Create(options, logger);
        _queue = new BatchQueue(options, new BatchSender(_http, address), logger);
    }

    /// <summary>Messages without an acknowledgement.</summary>
    public int Queued => _queue.Count;

    /// <summary>Publishes to a room; completes when the backplane has the message.</summary>
    /// <exception cref="FanoutException">
    /// What the node says (<c>bad_room</c>, <c>forbidden</c>, <c>conflict</c>, …), or <c>connection_lost</c> or <c>timeout</c> where the
    /// repetitions are used up: it may have happened; repeat it with the same key alone. <c>buffer_full</c>, <c>closed</c>.
    /// </exception>
    public Task<FanoutPushed> PublishAsync(
        string room, FanoutPayload payload, FanoutPushOptions? options = null, CancellationToken cancellationToken = default) =>
        EnqueueAsync("room", room, payload, options, cancellationToken);

    /// <inheritdoc cref="PublishAsync(string, FanoutPayload, FanoutPushOptions?, CancellationToken)"/>
    public Task<FanoutPushed> PublishAsync<T>(
        string room, T payload, JsonTypeInfo<T> typeInfo, FanoutPushOptions? options = null, CancellationToken cancellationToken = default) =>
        PublishAsync(room, FanoutPayload.From(payload, typeInfo), options, cancellationToken);

    /// <summary>Pushes to all connections of a user; completes when the backplane has the message.</summary>
    /// <inheritdoc cref="PublishAsync(string, FanoutPayload, FanoutPushOptions?, CancellationToken)"/>
    public Task<FanoutPushed> PushAsync(
        string user, FanoutPayload payload, FanoutPushOptions? options = null, CancellationToken cancellationToken = default) =>
        EnqueueAsync("user", user, payload, options, cancellationToken);

    /// <inheritdoc cref="PushAsync(string, FanoutPayload, FanoutPushOptions?, CancellationToken)"/>
    public Task<FanoutPushed> PushAsync<T>(
        string user, T payload, JsonTypeInfo<T> typeInfo, FanoutPushOptions? options = null, CancellationToken cancellationToken = default) =>
        PushAsync(user, FanoutPayload.From(payload, typeInfo), options, cancellationToken);

    /// <summary>Completes when no message waits for its acknowledgement any more, whether it came or the publish failed.</summary>
    public Task FlushAsync(CancellationToken cancellationToken = default) => _queue.WhenEmpty().WaitAsync(cancellationToken);

    /// <summary>Sends what waits, for <see cref="FanoutPublisherOptions.Timeout"/> at most; what is left fails with <c>closed</c>.</summary>
    public async ValueTask DisposeAsync()
    {
        await _queue.DisposeAsync();
        _http.Dispose();
    }

    private Task<FanoutPushed> EnqueueAsync(string kind, string name, FanoutPayload payload, FanoutPushOptions? options, CancellationToken cancellation)
    {
        ArgumentException.ThrowIfNullOrEmpty(name, kind);
        if (cancellation.IsCancellationRequested)
            return Task.FromCanceled<FanoutPushed>(cancellation);
        try
        {
            var key = options?.Key ?? RandomNumberGenerator.GetHexString(32, lowercase: true);
            return _queue.Enqueue(new QueuedPush(kind, name, payload.In(FanoutFormat.Json).Bytes, key, options?.Exclude), cancellation);
        }
        catch (FanoutException e)
        {
            return Task.FromException<FanoutPushed>(e);
        }
    }
}
