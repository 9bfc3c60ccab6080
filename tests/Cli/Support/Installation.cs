using Fanout.Tests.TestKit.Clients;
using Fanout.Tests.TestKit.Nodes;
using Fanout.Tests.TestKit.Redis;
using Xunit;

namespace Fanout.Tests.Cli.Support;

/// <summary>Two nodes behind one Redis that take tokens alone; rooms <c>lobby.*</c> keep presence, <c>plain.*</c> no history.</summary>
public sealed class Installation(RedisFixture redis) : IAsyncLifetime
{
    public const string Name = "installation";
    public const string SigningKey = "a signing key for tests, long enough for HS256";
    public const string ReaderKey = "reader-key-of-tests";

    public NodeProcess First { get; private set; } = null!;

    public NodeProcess Second { get; private set; } = null!;

    public RedisScope Redis { get; private set; } = null!;

    public static NodeOptions Options(string name) => new NodeOptions().With(
        ("Fanout:Node:Name", name),
        ("Fanout:Auth:AllowAnonymous", "false"),
        ("Fanout:Auth:Jwt:SigningKey", SigningKey),
        ("Fanout:Api:Keys:1:Name", "reader"),
        ("Fanout:Api:Keys:1:Key", ReaderKey),
        ("Fanout:Api:Keys:1:Scopes:0", "read"),
        ("Fanout:Rooms:0:Pattern", "lobby.*"),
        ("Fanout:Rooms:0:Presence", "true"),
        ("Fanout:Rooms:1:Pattern", "plain.*"),
        ("Fanout:Rooms:1:HistorySize", "0"),
        // Nobody listens there: who may call it hears that the back end fails.
        ("Fanout:Rpc:Methods:0:Pattern", "orders.*"),
        ("Fanout:Rpc:Methods:0:Url", "http://127.0.0.1:1/"),
        ("Fanout:Rpc:Methods:0:Access", "Granted"));

    public async ValueTask InitializeAsync()
    {
        Redis = await redis.CreateScopeAsync();
        var nodes = await Task.WhenAll(new[] { "first", "second" }.Select(name => NodeProcess.StartAsync(Options(name).WithRedis(Redis.ConnectionString, Redis.Prefix))));
        (First, Second) = (nodes[0], nodes[1]);
    }

    /// <summary>The tool, pointed at the first node, with its key and a token that may do everything.</summary>
    public Task<ToolResult> RunAsync(params string[] arguments) => Tool().RunAsync(arguments);

    public FanoutTool Tool() => new FanoutTool()
        .With("FANOUT_URL", First.BaseUri.AbsoluteUri)
        .With("FANOUT_API_KEY", NodeOptions.ApiKey)
        .With("FANOUT_TOKEN", Tokens.For("tester"));

    public Task<TestClient> ConnectAsync(string user, string? rooms = null) =>
        TestClient.ConnectAsync(Second.BaseUri, new TestClientOptions { Token = Tokens.For(user), Rooms = rooms, Context = Second.LogTail });

    public async ValueTask DisposeAsync()
    {
        await First.DisposeAsync();
        await Second.DisposeAsync();
        await Redis.DisposeAsync();
    }
}

/// <summary>The classes that share it; they run one after the other, since each of their tests starts processes.</summary>
[CollectionDefinition(Installation.Name)]
public sealed class InstallationGroup : ICollectionFixture<Installation>;
