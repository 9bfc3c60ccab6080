using Fanout.Client;
using Fanout.Tests.Client.Support;
using Fanout.Tests.TestKit;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Fanout.Tests.Client.Scripted;

/// <summary>What the program hands in may fail: handlers later, loggers always, callbacks of tokens. None of it may harm the client.</summary>
public sealed class UserCodeTests
{
    [Fact]
    public async Task AsyncHandler_ThatFailsLater_IsTold()
    {
        var node = new FakeNode();
        var failed = new TaskCompletionSource<FanoutException>();
        node.Client.Failed += failed.SetResult;
        // An async void: without a context of its own, what it throws ends the process.
        node.Client.Connected += async _ =>
        {
            await Task.Yield();
            await NestedAsync();
        };
        await node.Connect().WithDeadline("the connection");
        var error = await failed.Task.WithDeadline("the failure");
        Assert.Equal(("handler_failed", "mine"), (error.Code, error.InnerException?.Message));
        node.Socket.Say("""{"type":"drain","payload":{"reconnectAfterMs":1000}}""");
        Assert.Equal(FanoutConnectionState.Connected, node.Client.State);

        static async Task NestedAsync()
        {
            await Task.Yield();
            throw new InvalidOperationException("mine");
        }
    }

    [Fact]
    public async Task AsyncHandlerOfFailed_ThatFailsItself_IsLogged_AndNotToldOfItself()
    {
        using var log = new ListLogger();
        var node = new FakeNode(new FanoutClientOptions { LoggerFactory = log });
        var calls = 0;
        node.Client.Failed += async _ =>
        {
            calls++;
            await Task.Yield();
            throw new InvalidOperationException("mine");
        };
        await node.Connect();
        node.Socket.Say("not json");
        await Eventually.TrueAsync(() => log.Lines.ToArray().Any(line => line.Text.Contains("handler_failed", StringComparison.Ordinal)), "the line");
        Assert.Equal(1, calls);
        Assert.Equal(["bad_message"], node.Errors.Select(error => error.Code));
    }

    [Fact]
    public async Task Logger_IsToldWhatHappens_AndNeverATokenOrAPayload()
    {
        using var log = new ListLogger();
        var node = new FakeNode(new FanoutClientOptions { TokenProvider = (_, _) => ValueTask.FromResult<string?>("secret-token"), LoggerFactory = log });
        await node.Connect();
        node.Join("a");
        node.Message("a", 1, "\"secret payload\"");
        node.Client.Room<int>("a").Subscribe(_ => { });
        node.Message("a", 2, "\"secret payload\"");
        node.Socket.Say("""{"type":"backplane","payload":{"state":"degraded"}}""");
        node.Socket.Say("""{"type":"reset","room":"a","payload":{"epoch":"F","offset":0}}""");
        node.Client.PublishAsync("a", FanoutPayload.FromJson("\"secret payload\"")).Forget();
        node.Client.RefreshTokenAsync().Forget();
        node.Socket.End(1011, "trouble");
        node.Advance(1_000);
        node.Socket.Accept();
        node.Client.CloseAsync().Forget();

        Assert.Equal([2000, 2005, 2007, 2008, 2001, 2002, 2000, 2001, 2003], log.Lines.Select(line => line.Event));
        Assert.Contains("1011 trouble", log.Lines[4].Text, StringComparison.Ordinal);
        Assert.DoesNotContain(log.Lines, line => line.Text.Contains("secret", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Logger_ThatThrows_HarmsNothing()
    {
        using var log = new ListLogger { Fails = true };
        var node = new FakeNode(new FanoutClientOptions { LoggerFactory = log });
        await node.Connect();
        node.Client.Room("a").Subscribe((Action<FanoutMessage<FanoutPayload>>)(_ => throw new InvalidOperationException("mine")));
        node.Answer("join", """{"type":"joined","id":"$","room":"a","payload":{"epoch":"E","offset":0,"recovered":false,"count":1}}""");
        node.Message("a", 1);
        node.Socket.End();
        node.Advance(1_000);
        node.Socket.Accept();
        Assert.Equal(FanoutConnectionState.Connected, node.Client.State);
        Assert.Equal(["handler_failed"], node.Errors.Select(error => error.Code));
        Assert.True(log.Lines.Count >= 4);
    }

    [Fact]
    public async Task Logger_ThatStandsStill_HoldsNothingUp()
    {
        using var release = new ManualResetEventSlim();
        using var log = new ListLogger { Waits = release };
        await using var client = new FanoutClient(new FanoutClientOptions { Url = "ws://127.0.0.1:1", LoggerFactory = log, MinDelay = TimeSpan.FromMilliseconds(1), MaxDelay = TimeSpan.FromMilliseconds(1) });
        var waits = new TaskCompletionSource();
        client.Reconnecting += waiting =>
        {
            if (waiting.Attempt >= 3)
                waits.TrySetResult();
        };
        client.ConnectAsync().Forget();
        await log.Entered.WithDeadline("a line");
        await waits.Task.WithDeadline("three attempts while the logger stands still");
        release.Set();
    }

    [Fact]
    public async Task ProvidersToken_WhoseCallbackThrows_HarmsNothing()
    {
        var node = new FakeNode(new FanoutClientOptions
        {
            TokenProvider = (_, cancelled) =>
            {
                cancelled.Register(() => throw new InvalidOperationException("mine"));
                return ValueTask.FromResult<string?>("t");
            },
        });
        await node.Connect().WithDeadline("the connection");
        Assert.Equal(["handler_failed"], node.Errors.Select(error => error.Code));
        Assert.Equal("t", node.Socket.Token);
    }

    private sealed class ListLogger : ILoggerFactory, ILogger
    {
        private readonly TaskCompletionSource _entered = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public List<(int Event, string Text)> Lines { get; } = [];

        public bool Fails { get; init; }

        public ManualResetEventSlim? Waits { get; init; }

        public Task Entered => _entered.Task;

        public ILogger CreateLogger(string categoryName) => categoryName == "Fanout.Client" ? this : throw new InvalidOperationException(categoryName);

        public bool IsEnabled(LogLevel logLevel) => true;

        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            Lines.Add((eventId.Id, formatter(state, exception) + exception));
            _entered.TrySetResult();
            Waits?.Wait(Deadlines.Default);
            if (Fails)
                throw new InvalidOperationException("the disk is full");
        }

        public void AddProvider(ILoggerProvider provider)
        {
        }

        public void Dispose()
        {
        }
    }
}
