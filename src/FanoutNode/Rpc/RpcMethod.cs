using System.Diagnostics;
using System.Globalization;
using Fanout.Node.BackEnds;
using Fanout.Node.Diagnostics;
using Fanout.Shared.Protocol;
using Polly;
using Polly.CircuitBreaker;
using Polly.RateLimiting;
using Polly.Timeout;

namespace Fanout.Node.Rpc;

/// <summary>One configured method: its back end, with connections, a cap and a circuit that it shares with no other.</summary>
/// <remarks>Thread-safe.</remarks>
internal sealed partial class RpcMethod : IDisposable
{
    private const long RetryWhenFullMs = 1_000;
    private static readonly TimeSpan ReportInterval = TimeSpan.FromSeconds(10);

    private readonly RpcMethodOptions _options;
    private readonly Uri _url;
    private readonly RequestSigner? _signer;
    private readonly HttpMessageInvoker _http;
    private readonly ResiliencePipeline<RpcResult> _pipeline;
    private readonly TimeProvider _time;
    private readonly RpcMetrics _metrics;
    private readonly ILogger _logger;
    private bool _isOpen;
    private long _reportedAt;

    public RpcMethod(RpcMethodOptions options, string? defaultSecret, TimeProvider time, RpcMetrics metrics, ILogger logger)
    {
        _options = options;
        _url = new Uri(options.Url);
        _signer = (options.Secret ?? defaultSecret) is { } secret ? new RequestSigner(secret) : null;
        _http = BackEndHttp.Create(options.Timeout, options.MaxConcurrent, hasOwnSpans: true);
        _pipeline = RpcPipeline.Build(options, time, OnOpened, OnClosed);
        (_time, _metrics, _logger) = (time, metrics.For(options.Pattern), logger);
    }

    public string Pattern => _options.Pattern;

    public RpcAccess Access => _options.Access;

    public bool IsSigned => _signer is not null;

    public int MaxAnswerBytes => _options.MaxAnswerBytes;

    /// <summary>Calls the back end; throws only where something is wrong with this node. Takes the caller's stack for nothing.</summary>
    public async Task<RpcResult> CallAsync(RpcRequest request)
    {
        // The caller reads a socket: writing, signing and sending a large body is not its work.
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        var began = _time.GetTimestamp();
        _metrics.Began();
        using var activity = StartSpan(request);
        var outcome = RpcOutcome.Failed;
        try
        {
            var result = await TryCallAsync(request, activity);
            outcome = result.Outcome;
            Report(result);
            return result;
        }
        finally
        {
            EndSpan(activity, outcome);
            _metrics.Ended(outcome, _time.GetElapsedTime(began));
        }
    }

    public void Dispose() => _http.Dispose();

    // Below the client's span, which decides whether it is recorded; without one the sampler does.
    private Activity? StartSpan(RpcRequest request)
    {
        // Whatever the socket's reader came from is not above it.
        Activity.Current = null;
        var activity = FanoutTracing.Source.StartActivity(FanoutTracing.RequestSpan, ActivityKind.Client, request.Trace ?? default);
        if (activity is { IsAllDataRequested: true })
        {
            activity.SetTag(FanoutTracing.HttpMethod, "POST")
                .SetTag(FanoutTracing.Url, BackEndHttp.Shown(_options.Url))
                .SetTag(FanoutTracing.ServerAddress, _url.Host)
                .SetTag(FanoutTracing.ServerPort, _url.Port)
                .SetTag(FanoutTracing.RequestMethod, request.Method)
                .SetTag(FanoutTracing.RequestId, request.Id)
                .SetTag(FanoutTracing.ClientId, request.ClientId);
        }

        return activity;
    }

    private static void EndSpan(Activity? activity, RpcOutcome outcome)
    {
        if (activity is not { IsAllDataRequested: true })
            return;
        var name = RpcMetrics.Name(outcome);
        activity.SetTag(FanoutTracing.Outcome, name);
        if (outcome == RpcOutcome.Answered)
            return;
        activity.SetTag(FanoutTracing.ErrorType, activity.GetTagItem(FanoutTracing.HttpStatus) is int and >= 400 and var status ? status.ToString(CultureInfo.InvariantCulture) : name);
        activity.SetStatus(ActivityStatusCode.Error);
    }

    private async Task<RpcResult> TryCallAsync(RpcRequest request, Activity? activity)
    {
        try
        {
            return await _pipeline.ExecuteAsync(
                static (state, cancellation) => state.Method.SendAsync(state.Request, state.Activity, cancellation),
                (Method: this, Request: request, Activity: activity),
                CancellationToken.None);
        }
        catch (RateLimiterRejectedException)
        {
            return new RpcResult(RpcOutcome.Full, Code: ErrorCode.RateLimited, Message: "the back end has as many requests as it may have at once", RetryAfterMs: RetryWhenFullMs);
        }
        catch (BrokenCircuitException e)
        {
            return new RpcResult(
                RpcOutcome.Open,
                Code: ErrorCode.UpstreamFailed,
                Message: "the back end fails, and is left alone for a moment",
                RetryAfterMs: (long)(e.RetryAfter ?? _options.BreakFor).TotalMilliseconds);
        }
        catch (Exception e) when (e is TimeoutRejectedException or OperationCanceledException)
        {
            // The second is the connect's own time limit, which ends at the same moment.
            return new RpcResult(
                RpcOutcome.TimedOut,
                Code: ErrorCode.Timeout,
                Message: "the back end did not answer in time; it may have done what was asked",
                Detail: string.Create(CultureInfo.InvariantCulture, $"no answer in {_options.Timeout.TotalSeconds} s"));
        }
        catch (HttpRequestException e)
        {
            return RpcResult.Fail($"{e.HttpRequestError}: {e.Message}");
        }
        catch (IOException e)
        {
            return RpcResult.Fail(e.Message);
        }
    }

    private async ValueTask<RpcResult> SendAsync(RpcRequest request, Activity? activity, CancellationToken cancellation)
    {
        var body = RpcRequestWriter.Write(request);
        using var message = new HttpRequestMessage(HttpMethod.Post, _url) { Content = new OnceContent(body) };
        message.Headers.TryAddWithoutValidation("Accept", "application/json");
        message.Headers.TryAddWithoutValidation("User-Agent", "Fanout");
        TraceHeaders.Inject(message, activity, request.Trace);
        if (_signer is not null)
            message.Headers.TryAddWithoutValidation(RequestSigner.HeaderName, _signer.Sign(_time.GetUtcNow(), body.Span));
        using var response = await _http.SendAsync(message, cancellation);
        activity?.SetTag(FanoutTracing.HttpStatus, (int)response.StatusCode);
        return await RpcAnswerReader.ReadAsync(response, _options.MaxAnswerBytes, _time.GetUtcNow(), cancellation);
    }

    private void OnOpened()
    {
        // It opens again after each trial call that failed.
        if (!Interlocked.Exchange(ref _isOpen, true))
        {
            _metrics.CircuitOpened();
            LogOpened(_logger, Pattern);
        }
    }

    private void OnClosed()
    {
        if (Interlocked.Exchange(ref _isOpen, false))
        {
            _metrics.CircuitClosed();
            LogClosed(_logger, Pattern);
        }
    }

    // Once in a while: a back end that is down fails with every request.
    private void Report(RpcResult result)
    {
        if (result.Detail is null)
            return;
        var last = Interlocked.Read(ref _reportedAt);
        if (last != 0 && _time.GetElapsedTime(last) < ReportInterval)
            return;
        if (Interlocked.CompareExchange(ref _reportedAt, _time.GetTimestamp(), last) == last)
            LogFailed(_logger, Pattern, result.Detail);
    }

    [LoggerMessage(1790, LogLevel.Warning, "Requests for '{Pattern}' fail: {Reason}", EventName = "RequestFailed")]
    private static partial void LogFailed(ILogger logger, string pattern, string reason);

    [LoggerMessage(1791, LogLevel.Warning, "The back end for '{Pattern}' fails too often: its requests are refused, and one tries it again now and then", EventName = "CircuitOpened")]
    private static partial void LogOpened(ILogger logger, string pattern);

    [LoggerMessage(1792, LogLevel.Information, "The back end for '{Pattern}' answers again", EventName = "CircuitClosed")]
    private static partial void LogClosed(ILogger logger, string pattern);
}
