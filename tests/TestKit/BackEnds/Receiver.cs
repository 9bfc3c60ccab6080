using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Fanout.Tests.TestKit.BackEnds;

/// <summary>
/// A back end of the operator, by real HTTP on a free port: keeps what it gets, and answers as the test says: it fails, stalls, hangs up, and
/// answers garbage on purpose.
/// </summary>
/// <remarks>Thread-safe.</remarks>
public sealed class Receiver : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly Lock _gate = new();
    private readonly List<ReceivedCall> _calls = [];
    private readonly CancellationTokenSource _ending = new();
    private TaskCompletionSource _more = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private Receiver(int port)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        _app = builder.Build();
        _app.Urls.Add($"http://127.0.0.1:{port}");
        _app.Run(HandleAsync);
    }

    /// <summary>Without a path; a receiver takes all of them.</summary>
    public Uri Url { get; private set; } = null!;

    /// <summary>How it answers; 200 with an empty body unless a test says otherwise. Called after the call was kept.</summary>
    public Func<ReceivedCall, HttpContext, Task> Answer { get; set; } = static (_, _) => Task.CompletedTask;

    /// <summary>Everything so far, in order.</summary>
    public IReadOnlyList<ReceivedCall> Calls
    {
        get
        {
            lock (_gate)
                return [.. _calls];
        }
    }

    /// <param name="port">For one that comes back at the place of another.</param>
    public static async Task<Receiver> StartAsync(int port = 0)
    {
        var receiver = new Receiver(port);
        await receiver._app.StartAsync();
        receiver.Url = new Uri(receiver._app.Urls.First());
        return receiver;
    }

    /// <summary>Forgets what came, and answers 200 again.</summary>
    public void Reset()
    {
        lock (_gate)
            _calls.Clear();
        Answer = static (_, _) => Task.CompletedTask;
    }

    /// <summary>Waits until so many calls, or more, fit.</summary>
    public Task<IReadOnlyList<ReceivedCall>> WaitAsync(int count, Func<ReceivedCall, bool>? wanted = null, string? what = null, TimeSpan? deadline = null) =>
        WaitAsync(calls => calls.Count(wanted ?? (_ => true)) >= count, what ?? $"{count} calls at the receiver", deadline);

    /// <summary>Waits until what has come is as wanted.</summary>
    public async Task<IReadOnlyList<ReceivedCall>> WaitAsync(Func<IReadOnlyList<ReceivedCall>, bool> wanted, string what, TimeSpan? deadline = null)
    {
        return await LoopAsync().WithDeadline(what, deadline, () => string.Join(Environment.NewLine, Calls.TakeLast(20)));

        async Task<IReadOnlyList<ReceivedCall>> LoopAsync()
        {
            while (true)
            {
                Task more;
                lock (_gate)
                    more = _more.Task;
                if (wanted(Calls))
                    return Calls;
                await more;
            }
        }
    }

    /// <summary>Has those who wait look again: what they look at besides the calls has changed.</summary>
    public void Nudge()
    {
        TaskCompletionSource more;
        lock (_gate)
            (more, _more) = (_more, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        more.SetResult();
    }

    /// <summary>An answer that does not come before the receiver ends or the node gives up.</summary>
    public async Task StallAsync(HttpContext context)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, _ending.Token);
        await Task.Delay(Timeout.Infinite, either.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    public async ValueTask DisposeAsync()
    {
        await _ending.CancelAsync();
        await _app.StopAsync(new CancellationToken(canceled: true));
        await _app.DisposeAsync();
        _ending.Dispose();
    }

    private async Task HandleAsync(HttpContext context)
    {
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body);
        var headers = context.Request.Headers.ToDictionary(header => header.Key.ToLowerInvariant(), header => header.Value.ToString());
        var call = new ReceivedCall(context.Request.Path + context.Request.QueryString, headers, body.ToArray());
        lock (_gate)
            _calls.Add(call);
        Nudge();
        await Answer(call, context);
    }
}
