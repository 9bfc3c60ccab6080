using Fanout.Tests.Integration.Support;
using Fanout.Tests.TestKit.Clients;
using Fanout.Tests.TestKit.Nodes;
using Fanout.Tests.TestKit.Redis;

namespace Fanout.Tests.Integration.Webhooks;

/// <summary>Two nodes behind one Redis, or one in memory, and a receiver that is told everything. Delays, leases and retries are short.</summary>
internal sealed class WebhookRig : IAsyncDisposable
{
    private readonly RedisScope? _redis;

    private WebhookRig(WebhookReceiver receiver, RedisScope? redis, NodeOptions options, RunningNode first, RunningNode second) =>
        (Receiver, _redis, Options, First, Second) = (receiver, redis, options, first, second);

    public WebhookReceiver Receiver { get; }

    public RedisScope Redis => _redis!;

    public NodeOptions Options { get; }

    public RunningNode First { get; private set; }

    /// <summary>In memory the same as the first.</summary>
    public RunningNode Second { get; }

    /// <summary>Where nobody is slow or dies: a receiver in a busy test process must not be sent the same again only because its answer is late.</summary>
    public static readonly (string Name, string? Value) Patient = ("Fanout:Webhooks:0:Timeout", "00:00:15");

    /// <param name="fixture">Null: in memory.</param>
    public static async Task<WebhookRig> StartAsync(RedisFixture? fixture, params (string Name, string? Value)[] settings)
    {
        var receiver = await WebhookReceiver.StartAsync();
        var redis = fixture is null ? null : await fixture.CreateScopeAsync();
        var options = new NodeOptions().With(
            ("Fanout:Auth:Jwt:SigningKey", Tokens.SigningKey),
            ("Fanout:Limits:MessagesPerSecond", "0"),
            ("Fanout:Lease:Renew", "00:00:01"),
            ("Fanout:Lease:Expire", "00:00:06"),
            ("Fanout:Drain:Window", "00:00:00"),
            ("Fanout:Drain:Notice", "00:00:00"),
            ("Fanout:Rooms:0:Pattern", "presence-*"),
            ("Fanout:Rooms:0:Presence", "true"),
            ("Fanout:WebhookQueue:VacatedDelay", "00:00:00.5"),
            ("Fanout:WebhookQueue:OfflineDelay", "00:00:00.5"),
            ("Fanout:Webhooks:0:Name", "all"),
            ("Fanout:Webhooks:0:Url", receiver.Http.Url + "hook?key=hidden"),
            ("Fanout:Webhooks:0:Secret", WebhookReceiver.Secret),
            ("Fanout:Webhooks:0:Timeout", "00:00:02"),
            ("Fanout:Webhooks:0:MaxAttempts", "1000"),
            ("Fanout:Webhooks:0:FirstRetry", "00:00:00.05"),
            ("Fanout:Webhooks:0:LongestRetry", "00:00:00.2"));
        string[] events = ["room.occupied", "room.vacated", "member.joined", "member.left", "user.online", "user.offline"];
        options = options.With([.. events.Select((name, i) => ($"Fanout:Webhooks:0:Events:{i}", (string?)name))]).With(settings);
        if (redis is not null)
            options = options.WithRedis(redis.ConnectionString, redis.Prefix);
        var first = await RunningNode.StartAsync(options.With(("Fanout:Node:Name", "first")));
        var second = redis is null ? first : await RunningNode.StartAsync(options.With(("Fanout:Node:Name", "second")));
        return new WebhookRig(receiver, redis, options, first, second);
    }

    public static Task<TestClient> ConnectAsync(RunningNode node, string user, object? info = null) => node.ConnectAsync(new TestClientOptions
    {
        Token = Tokens.For(user, new { join = new[] { "*" }, publish = new[] { "*" }, presence = new[] { "*" }, info }),
    });

    /// <summary>Waits until a room that was entered and left behind everything else has been told to be vacated: then all before it has been told.</summary>
    public async Task EverythingIsToldAsync(RunningNode? node = null)
    {
        var room = Rooms.New("marker");
        await using (var marker = await (node ?? Second).JoinAsync(room))
        {
            await Receiver.WaitForAsync("room.occupied", room);
            await marker.LeaveAsync(room);
        }

        await Receiver.WaitForAsync("room.vacated", room);
    }

    public async ValueTask DisposeAsync()
    {
        await First.DisposeAsync();
        await Second.DisposeAsync();
        await Receiver.DisposeAsync();
        if (_redis is not null)
            await _redis.DisposeAsync();
    }
}
