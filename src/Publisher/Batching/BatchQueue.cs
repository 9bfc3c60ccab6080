using System.Threading.Channels;
using Fanout.Client;
using Fanout.Publisher.Http;
using Microsoft.Extensions.Logging;

namespace Fanout.Publisher.Batching;

/// <summary>What waits to be sent, and the one loop that sends it in batches.</summary>
internal sealed class BatchQueue : IAsyncDisposable
{
    private readonly FanoutPublisherOptions _options;
    private readonly BatchSender _sender;
    private readonly ILogger _logger;
    private readonly object _gate = new();

    // Bounded by MaxQueued and MaxQueuedBytes, which count what is under way too.
    private readonly Channel<QueuedPush> _waiting = Channel.CreateUnbounded<QueuedPush>(new() { SingleReader = true });
    private readonly CancellationTokenSource _over = new();
    private readonly Task _loop;
    private TaskCompletionSource? _whenEmpty;
    private int _count;
    private long _bytes;

    public BatchQueue(FanoutPublisherOptions options, BatchSender sender, ILogger logger)
    {
        _options = options;
        _sender = sender;
        _logger = logger;
        // Not in the context, and so in the trace, of whoever made the publisher.
        using (ExecutionContext.IsFlowSuppressed() ? default(IDisposable) : ExecutionContext.SuppressFlow())
            _loop = Task.Run(RunAsync);
    }

    public int Count
    {
        get
        {
            lock (_gate)
                return _count;
        }
    }

    public Task<FanoutPushed> Enqueue(QueuedPush push, CancellationToken cancellation)
    {
        // Before it can be sent, and so be done: a registration that comes later would stay on the caller's token.
        if (cancellation.CanBeCanceled)
            push.Cancellation = cancellation.UnsafeRegister(static (state, token) => ((QueuedPush)state!).Cancel(token), push);
        lock (_gate)
        {
            if (Refusal(push) is { } refusal)
            {
                push.Fail(refusal);
            }
            else
            {
                _count++;
                _bytes += push.Payload.Length;
            }
        }

        return push.Task;
    }

    public Task WhenEmpty()
    {
        lock (_gate)
        {
            if (_count == 0)
                return Task.CompletedTask;
            _whenEmpty ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return _whenEmpty.Task;
        }
    }

    public async ValueTask DisposeAsync()
    {
        lock (_gate)
            _waiting.Writer.TryComplete();
        try
        {
            await _loop.WaitAsync(_options.Timeout, _options.TimeProvider);
        }
        catch (TimeoutException)
        {
            await _over.CancelAsync();
            await _loop;
        }

        _over.Dispose();
    }

    private FanoutException? Refusal(QueuedPush push)
    {
        if (_count >= _options.MaxQueued)
            return Full($"{_count} messages are waiting; no more may (MaxQueued).");
        if (_count > 0 && _bytes + push.Payload.Length > _options.MaxQueuedBytes)
            return Full($"{_bytes} bytes are waiting; no more than {_options.MaxQueuedBytes} may (MaxQueuedBytes).");
        return _waiting.Writer.TryWrite(push) ? null : Closed();
    }

    private static FanoutException Full(string message) => new(FanoutErrorCodes.BufferFull, message) { IsRetryable = true };

    private static FanoutException Closed() => new(FanoutErrorCodes.Closed, "The publisher was disposed.");

    private async Task RunAsync()
    {
        List<QueuedPush> batch = [];
        while (await TakeAsync(batch))
        {
            if (batch.Count == 0)
                continue;
            List<QueuedPush> again = [];
            try
            {
                await _sender.SendAsync(batch, again, _options.MaxRetries, _over.Token);
            }
            catch (Exception e)
            {
                // The loop goes on, whatever it was; every caller is told.
                var error = _over.IsCancellationRequested ? Closed() : SendFailure.Of(e);
                PublisherLog.BatchFailed(_logger, e, batch.Count, error.Code);
                foreach (var push in batch)
                    push.Fail(error);
                again.Clear();
            }

            foreach (var push in batch.Except(again))
                Done(push);
            batch.Clear();
            batch.AddRange(again);
            if (again.Count > 0)
                await PauseAsync(again);
        }
    }

    /// <summary>Fills the batch up; false when nothing comes any more.</summary>
    private async ValueTask<bool> TakeAsync(List<QueuedPush> batch)
    {
        var reader = _waiting.Reader;
        if (batch.Count == 0)
        {
            if (!await reader.WaitToReadAsync())
                return false;
            if (_options.Linger > TimeSpan.Zero && Count < _options.MaxBatchSize && !reader.Completion.IsCompleted)
                await Task.Delay(_options.Linger, _options.TimeProvider);
        }

        var bytes = batch.Sum(push => (long)push.Payload.Length);
        while (batch.Count < _options.MaxBatchSize && reader.TryPeek(out var next) && (batch.Count == 0 || bytes + next.Payload.Length <= _options.MaxBatchBytes))
        {
            reader.TryRead(out _);
            if (next.IsOver)
            {
                // Cancelled before it was sent.
                Done(next);
                continue;
            }

            bytes += next.Payload.Length;
            batch.Add(next);
        }

        return true;
    }

    /// <summary>Single messages were refused for the moment: they wait a little, and everything behind them, so that the order holds.</summary>
    private async Task PauseAsync(List<QueuedPush> again)
    {
        var refusals = again.Max(push => push.Refusals);
        var bound = _options.RetryDelay * Math.Pow(2, Math.Min(refusals - 1, 10));
        try
        {
            await Task.Delay(bound * (0.5 + (Random.Shared.NextDouble() / 2)), _options.TimeProvider, _over.Token);
        }
        catch (OperationCanceledException)
        {
            // Disposed: the next try tells the callers.
        }
    }

    private void Done(QueuedPush push)
    {
        push.Cancellation.Unregister();
        lock (_gate)
        {
            _bytes -= push.Payload.Length;
            if (--_count > 0)
                return;
            _whenEmpty?.TrySetResult();
            _whenEmpty = null;
        }
    }
}
