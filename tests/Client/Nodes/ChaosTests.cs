using Fanout.Client;
using Fanout.Tests.Client.Support;
using Fanout.Tests.Integration.Support;
using Fanout.Tests.TestKit;
using Fanout.Tests.TestKit.Faults;
using Fanout.Tests.TestKit.Nodes;
using Fanout.Tests.TestKit.Redis;
using Xunit;

namespace Fanout.Tests.Client.Nodes;

/// <summary>
/// Two clients at two nodes, one with JSON and one with MessagePack, publish 1,000 numbers each or more, and something breaks when a third is through.
/// Each must have seen every number of each once and in order, both one order, and nobody may have been told of a loss.
/// </summary>
public sealed class ChaosTests(RedisFixture redis) : IClassFixture<RedisFixture>, IAsyncLifetime
{
    private const int Messages = 1_000;
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(90);
    private NodeProcess _first = null!;
    private NodeProcess _second = null!;

    public async ValueTask InitializeAsync()
    {
        // More history than a fast machine publishes while a client is away. And a node that gives nobody up for being slow: how many connections
        // are lost is what the tests count.
        var options = new NodeOptions().WithRedis(redis.ConnectionString, $"c{Guid.NewGuid():N}:").With(
            ("Fanout:Limits:MessagesPerSecond", "5000"), ("Fanout:Limits:MessageBurst", "10000"),
            ("Fanout:Rooms:0:Pattern", "*"), ("Fanout:Rooms:0:HistorySize", "100000"),
            ("Fanout:Auth:Jwt:SigningKey", Tokens.SigningKey),
            ("Fanout:Drain:Window", "00:00:01"), ("Fanout:Drain:Notice", "00:00:00"), ("Fanout:Drain:Deadline", "00:00:10"),
            ("Fanout:Heartbeat:Interval", "00:00:01"), ("Fanout:Heartbeat:Timeout", "00:01:00"));
        // Two nodes for each test, on machines that may be busy with other tests.
        options = options with { Deadline = Long };
        _first = await NodeProcess.StartAsync(options);
        _second = await NodeProcess.StartAsync(options);
    }

    public async ValueTask DisposeAsync()
    {
        await _first.DisposeAsync();
        await _second.DisposeAsync();
    }

    [Fact]
    public async Task NothingBreaks_EverythingComesOnceAndInOrder() =>
        Assert.Equal(0, await NumberedAsync(Both, _ => Task.CompletedTask));

    [Fact]
    public async Task NodeKilled_EverythingComesOnceAndInOrder() =>
        Assert.True(await NumberedAsync(Both, _ => _first.KillAsync()) > 0);

    [Fact]
    public async Task NodeDrained_EverythingComesOnceAndInOrder() =>
        Assert.True(await NumberedAsync(Both, async _ =>
        {
            _second.Terminate();
            await _second.WaitForExitAsync(Long);
        }) > 0);

    [Fact]
    public async Task NodePaused_EverythingComesOnceAndInOrder() =>
        Assert.True(await NumberedAsync(Both, async talkers =>
        {
            var elsewhere = talkers[0].GoneAndBackAsync();
            _first.Pause();
            try
            {
                await elsewhere.WithDeadline("its client to give it up and to be at the other", Long);
            }
            finally
            {
                _first.Resume();
            }
        }, (options, _) => options with { PongTimeout = TimeSpan.FromSeconds(1) }) > 0);

    [Fact]
    public async Task LinkCutAgainAndAgain_EverythingComesOnceAndInOrder()
    {
        await using var proxy = FaultProxy.Start(_first.BaseUri);
        Assert.Equal(10, await NumberedAsync(([proxy.BaseUri], [_second.BaseUri]), async talkers =>
        {
            for (var cut = 0; cut < 10; cut++)
            {
                var back = talkers[0].GoneAndBackAsync();
                proxy.Cut();
                await back.WithDeadline("its client to be back", Long);
            }
        }));
    }

    [Fact]
    public async Task LinkDeadWithoutASign_EverythingComesOnceAndInOrder()
    {
        await using var proxy = FaultProxy.Start(_first.BaseUri);
        Assert.Equal(1, await NumberedAsync(([proxy.BaseUri, _second.BaseUri], [_second.BaseUri]), async talkers =>
        {
            var back = talkers[0].GoneAndBackAsync();
            proxy.BlackHole();
            await back.WithDeadline("its client to be back", Long);
        }, (options, user) => user == "one" ? options with { PongTimeout = TimeSpan.FromSeconds(3) } : options));
    }

    [Fact]
    public async Task TokensRefreshed_EverythingComesOnceAndInOrder()
    {
        var refreshed = new Collected<string>();
        Assert.Equal(0, await NumberedAsync(
            Both,
            _ => Eventually.TrueAsync(() => new[] { "one", "other" }.All(user => refreshed.Items.Count(item => item == user) >= 2), "two refreshes of each", Long),
            (options, user) => options with
            {
                TokenProvider = (request, _) =>
                {
                    if (request.Reason == FanoutTokenReason.Expiring)
                        refreshed.Add(user);
                    return ValueTask.FromResult<string?>(Token(user, 12));
                },
            }));
    }

    [Fact]
    public async Task TokensExpired_EverythingComesOnceAndInOrder() =>
        Assert.Equal(2, await NumberedAsync(
            Both,
            async talkers =>
            {
                var codes = await Task.WhenAll(talkers.Select(talker => talker.FirstGoneAndBackAsync())).WithDeadline("the ends of both tokens, and both back", Long);
                Assert.Equal([4002, 4002], codes);
            },
            (options, user) =>
            {
                var connects = 0;
                return options with
                {
                    TokenProvider = (request, _) => request.Reason == FanoutTokenReason.Expiring
                        ? throw new IOException("the login service is away")
                        : ValueTask.FromResult<string?>(Token(user, ++connects == 1 ? 8 : 3_600)),
                };
            }));

    [Theory]
    [InlineData(FanoutFormat.Json)]
    [InlineData(FanoutFormat.MessagePack)]
    public async Task NobodyToBeReached_PublishesWait_AndGoOutInOrder(FanoutFormat format)
    {
        var room = Room();
        await using var proxy = FaultProxy.Start(_first.BaseUri);
        await using var writer = await RealClient.ConnectedAsync(proxy.BaseUri, RealClient.Quick with { Format = format });
        await using var reader = await RealClient.ConnectedAsync(_second);
        var got = new Collected<int>();
        using var subscription = await reader.Room<int>(room).SubscribeAsync(message => got.Add(message.Payload)).WithDeadline("the room");
        var away = writer.WaitForStateAsync(FanoutConnectionState.Reconnecting);
        proxy.RefuseNew();
        proxy.Cut();
        await away.WithDeadline("the loss");

        var target = writer.Room<int>(room);
        var published = Enumerable.Range(0, 100).Select(n => target.PublishAsync(n)).ToArray();
        Assert.Equal("buffer_full", (await Assert.ThrowsAsync<FanoutException>(() => target.PublishAsync(100))).Code);
        proxy.Heal();

        var acknowledged = await Task.WhenAll(published).WithDeadline("all acknowledgements", Long);
        Assert.Equal(Enumerable.Range(0, 100), await got.CountAsync(100));
        Assert.Equal(Enumerable.Range(1, 100).Select(n => (long?)n), acknowledged.Select(ack => ack.Offset));
    }

    private (Uri[] One, Uri[] Other) Both => ([_first.BaseUri, _second.BaseUri], [_second.BaseUri, _first.BaseUri]);

    private static string Room() => $"chaos.{Guid.NewGuid():N}";

    /// <returns>How many connections were lost.</returns>
    private async Task<int> NumberedAsync(
        (Uri[] One, Uri[] Other) addresses, Func<Talker[], Task> breaks, Func<FanoutClientOptions, string, FanoutClientOptions>? change = null)
    {
        var room = Room();
        await using var one = new Talker(room, "one", addresses.One, FanoutFormat.Json, change);
        await using var other = new Talker(room, "other", addresses.Other, FanoutFormat.MessagePack, change);
        await one.JoinAsync();
        await other.JoinAsync();

        var broken = new TaskCompletionSource();
        var publishing = Task.WhenAll(one.PublishAsync(Messages, broken.Task), other.PublishAsync(Messages, broken.Task));
        try
        {
            await one.Got.CountAsync(Messages * 2 / 3, Long);
            await breaks([one, other]);
        }
        finally
        {
            broken.SetResult();
        }

        var offsets = await publishing.WithDeadline("all acknowledgements", Long, () => _first.LogTail() + _second.LogTail());
        var total = offsets.Sum(all => all.Count);
        foreach (var talker in new[] { one, other })
        {
            var got = await talker.Got.CountAsync(total, Long);
            Assert.Equal(Enumerable.Range(0, offsets[0].Count), got.Where(number => number.From == "one").Select(number => number.N));
            Assert.Equal(Enumerable.Range(0, offsets[1].Count), got.Where(number => number.From == "other").Select(number => number.N));
            Assert.Empty(talker.Losses.Items);
        }

        Assert.Equal(one.Got.Items, other.Got.Items);
        Assert.Equal(Enumerable.Range(1, total).Select(n => (long)n), offsets.SelectMany(all => all).Order());
        return one.Lost + other.Lost;
    }

    private static string Token(string user, int seconds) =>
        Tokens.For(user, new { join = new[] { "*" }, publish = new[] { "*" } }, TimeSpan.FromSeconds(seconds));

    private sealed class Talker : IAsyncDisposable
    {
        private readonly FanoutClient _client;
        private readonly FanoutRoom<Numbered> _room;
        private readonly string _name;
        private readonly TaskCompletionSource<int> _gone = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly TaskCompletionSource _back = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private int _lost;

        public Talker(string room, string name, Uri[] addresses, FanoutFormat format, Func<FanoutClientOptions, string, FanoutClientOptions>? change)
        {
            _name = name;
            var options = RealClient.Quick with
            {
                Urls = [.. addresses.Select(address => address.ToString())],
                Format = format,
                // A machine that stands still for a while is no loss; who needs one to be noticed says so.
                PongTimeout = TimeSpan.FromMinutes(1),
            };
            _client = new FanoutClient(change?.Invoke(options, name) ?? options);
            _client.Disconnected += lost =>
            {
                Interlocked.Increment(ref _lost);
                _gone.TrySetResult(lost.CloseCode);
            };
            _client.Connected += _ =>
            {
                if (_gone.Task.IsCompleted)
                    _back.TrySetResult();
            };
            _room = _client.Room(room, Json.Default.Numbered);
            _room.Subscribe(message => Got.Add(message.Payload));
            _room.Reset += reset => Losses.Add(reset.Reason.ToString());
        }

        public Collected<Numbered> Got { get; } = new();

        public Collected<string> Losses { get; } = new();

        public int Lost => Volatile.Read(ref _lost);

        public async Task JoinAsync()
        {
            await _client.ConnectAsync().WithDeadline("the connection");
            await _room.JoinAsync().WithDeadline("the room");
        }

        /// <summary>So many at least, and on until something is over.</summary>
        public async Task<List<long>> PublishAsync(int count, Task until)
        {
            List<long> offsets = [];
            while (offsets.Count < count || !until.IsCompleted)
                offsets.Add((await _room.PublishAsync(new Numbered(_name, offsets.Count))).Offset!.Value);
            return offsets;
        }

        /// <summary>The first loss of its connection, and the connection after it; they may have been already.</summary>
        /// <returns>The close code.</returns>
        public async Task<int> FirstGoneAndBackAsync()
        {
            await _back.Task;
            return await _gone.Task;
        }

        /// <summary>The next loss of its connection, and the connection after it.</summary>
        /// <returns>The close code.</returns>
        public async Task<int> GoneAndBackAsync()
        {
            var gone = new TaskCompletionSource<int>(TaskCreationOptions.RunContinuationsAsynchronously);
            var back = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            void Gone(FanoutDisconnect lost) => gone.TrySetResult(lost.CloseCode);
            void Back(FanoutConnectionInfo connection) => back.TrySetResult();
            _client.Disconnected += Gone;
            _client.Connected += Back;
            try
            {
                await back.Task;
                return await gone.Task;
            }
            finally
            {
                _client.Disconnected -= Gone;
                _client.Connected -= Back;
            }
        }

        public ValueTask DisposeAsync() => _client.DisposeAsync();
    }
}
