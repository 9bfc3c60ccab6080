using System.Text.Json.Nodes;
using Fanout.Tests.Cli.Support;
using Fanout.Tests.TestKit.BackEnds;
using Fanout.Tests.TestKit.Faults;
using Fanout.Tests.TestKit.Nodes;
using Fanout.Tests.TestKit.Redis;
using Xunit;

namespace Fanout.Tests.Cli.Commands;

[Collection(Installation.Name)]
public sealed class DoctorTests(Installation fanout)
{
    private static readonly string[] GoodSettings =
    [
        "--maxmemory", "100mb", "--maxmemory-policy", "noeviction", "--client-output-buffer-limit", "pubsub 256mb 64mb 60", "--timeout", "0",
    ];

    [Fact]
    public async Task Redis_ThatIsAsItShould_PassesStrictly()
    {
        await using var redis = await OwnRedis.StartAsync(new OwnRedisOptions { AppendOnly = true, Arguments = GoodSettings });

        var result = (await Doctor("--redis", redis.ConnectionString, "--no-node", "--json")).Expect(0);

        Assert.Equal((true, 0), ((bool)result.Json["healthy"]!, (int)result.Json["failures"]!));
        Assert.All(
            new[] { "connect", "kind", "version", "eviction", "memory", "persistence", "replicas", "pubsub buffer", "idle timeout", "scripts", "pub/sub", "clock" },
            check => Assert.Equal("ok", Severity(result, check)));
        // How fast it is on this machine, nobody knows.
        Assert.Matches("of [0-9]+ pings", Text(result, "latency"));
        await using var connection = await redis.ConnectAsync();
        Assert.Equal(0, await connection.GetServers()[0].DatabaseSizeAsync());
    }

    [Fact]
    public async Task Redis_ThatIsMisconfigured_IsToldSo_WithWhatToDo()
    {
        await using var redis = await OwnRedis.StartAsync(new OwnRedisOptions
        {
            Arguments = ["--maxmemory", "100mb", "--maxmemory-policy", "allkeys-lru", "--client-output-buffer-limit", "pubsub 0 0 0", "--timeout", "30"],
        });

        var result = (await Doctor("--redis", redis.ConnectionString, "--no-node", "--json")).Expect(1);

        Assert.Equal("fail", Severity(result, "eviction"));
        Assert.Equal(("warn", "warn", "warn"), (Severity(result, "pubsub buffer"), Severity(result, "idle timeout"), Severity(result, "persistence")));
        Assert.All(Findings(result).Where(finding => (string?)finding["severity"] is "warn" or "fail"), finding => Assert.NotEmpty((string)finding["advice"]!));
    }

    [Fact]
    public async Task Warnings_FailWithStrictAlone()
    {
        await using var redis = await OwnRedis.StartAsync(new OwnRedisOptions { Arguments = GoodSettings });

        (await Doctor("--redis", redis.ConnectionString, "--no-node")).Expect(0);
        (await Doctor("--redis", redis.ConnectionString, "--no-node", "--strict")).Expect(1);
    }

    [Fact]
    public async Task Redis_ThatIsFarAway_IsToldToBe()
    {
        await using var redis = await OwnRedis.StartAsync(new OwnRedisOptions { Arguments = GoodSettings });
        await using var far = FaultProxy.Start(redis.ConnectionString);
        far.Delay(TimeSpan.FromMilliseconds(10));

        var result = await Doctor("--redis", $"{far.EndPoint}", "--no-node", "--json");

        Assert.Equal("warn", Severity(result, "latency"));
        Assert.Contains("in the middle", Text(result, "latency"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Redis_ThatIsFull_Fails()
    {
        await using var redis = await OwnRedis.StartAsync(new OwnRedisOptions { Arguments = ["--maxmemory", "1mb", "--maxmemory-policy", "noeviction"] });

        Assert.Equal("fail", Severity((await Doctor("--redis", redis.ConnectionString, "--no-node", "--json")).Expect(1), "memory"));
    }

    [Fact]
    public async Task Redis_ThatIsAClusterNode_OrAReplica_Fails()
    {
        await using var cluster = await OwnRedis.StartAsync(new OwnRedisOptions { Arguments = ["--cluster-enabled", "yes"] });
        await using var primary = await OwnRedis.StartAsync();
        await using var replica = await OwnRedis.StartAsync(new OwnRedisOptions { Arguments = ["--replicaof", $"127.0.0.1 {primary.Port}"] });

        Assert.Equal("fail", Severity((await Doctor("--redis", cluster.ConnectionString, "--no-node", "--json")).Expect(1), "kind"));
        Assert.Equal("fail", Severity((await Doctor("--redis", replica.ConnectionString, "--no-node", "--json")).Expect(1), "kind"));
    }

    [Fact]
    public async Task Redis_WithAPassword_WantsTheRightOne_AndNoneIsEverShown()
    {
        await using var redis = await OwnRedis.StartAsync(new OwnRedisOptions { Arguments = ["--user", "default", "on", ">right-secret", "~*", "&*", "+@all"] });

        var none = (await Doctor("--redis", redis.ConnectionString, "--no-node")).Expect(1);
        var wrong = (await Doctor("--redis", redis.ConnectionString + ",password=wrong-secret", "--no-node")).Expect(1);
        var right = await Doctor("--redis", redis.ConnectionString + ",password=right-secret", "--no-node", "--json");

        Assert.Contains("password", none.Output, StringComparison.Ordinal);
        Assert.Contains("refuses the password", wrong.Output, StringComparison.Ordinal);
        Assert.Equal("ok", Severity(right, "connect"));
        Assert.DoesNotContain("-secret", none.Output + none.Error + wrong.Output + wrong.Error + right.Output + right.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Redis_WhoseUserMayTooLittle_IsToldWhatNodesNeed()
    {
        await using var redis = await OwnRedis.StartAsync(new OwnRedisOptions { Arguments = ["--user", "little", "on", ">pass-word", "~fanout:*", "&*", "+@all", "-config", "-eval", "-evalsha"] });

        var result = (await Doctor("--redis", redis.ConnectionString + ",user=little,password=pass-word", "--no-node", "--json")).Expect(1);

        Assert.Equal(("fail", "skip"), (Severity(result, "scripts"), Severity(result, "pubsub buffer")));
    }

    [Theory]
    [InlineData("127.0.0.1:1", "refused")]
    [InlineData("no-such-host.invalid:6379", "not known")]
    [InlineData("a,unknownOption=secret", "malformed")]
    public async Task Redis_ThatCannotBeReached_IsToldWhy(string connection, string words)
    {
        var result = (await Doctor("--redis", connection, "--no-node", "--timeout", "3s")).Expect(1);

        Assert.Contains(words, result.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", result.Output + result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Node_ThatIsWell_Passes()
    {
        var result = (await fanout.RunAsync("doctor", "--json")).Expect(0);

        Assert.All(new[] { "reachable", "ready", "clock", "tls", "metrics", "anonymous", "origins", "token", "socket" }, check => Assert.Equal("ok", Severity(result, check)));
        Assert.Contains(Findings(result), finding => (string?)finding["text"] == "has the scopes read, publish, admin");
        Assert.Contains("2 (first, second)", Text(result, "nodes"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Node_SaysWhatAKeyMayDo_AndWhichOriginsMayCome()
    {
        var result = (await fanout.Tool().With("FANOUT_API_KEY", Installation.ReaderKey).RunAsync("doctor", "--json", "--origin", "https://app.example", "--origin", $"http://127.0.0.1:{fanout.First.BaseUri.Port}")).Expect(1);

        Assert.Equal("has the scopes read", Text(result, "api key"));
        Assert.Equal(["fail", "ok"], Findings(result).Where(finding => ((string)finding["text"]!).StartsWith("http", StringComparison.Ordinal)).Select(finding => (string?)finding["severity"]));
    }

    [Fact]
    public async Task Node_WithTheWrongKeyOrToken_Fails()
    {
        var result = (await fanout.Tool().With("FANOUT_API_KEY", "wrong-key").With("FANOUT_TOKEN", "wrong-token").RunAsync("doctor", "--json")).Expect(1);

        Assert.Equal(("fail", "fail"), (Severity(result, "api key"), Severity(result, "token")));
        Assert.DoesNotContain("wrong-", result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Node_WhoseRedisIsAway_IsNotReady_AndSaysWhy()
    {
        await using var redis = await OwnRedis.StartAsync();
        await using var node = await NodeProcess.StartAsync(Installation.Options("lonely").WithRedis(redis.ConnectionString).With(("Fanout:Health:NotReadyAfter", "00:00:00")));
        await redis.StopAsync();
        await node.WaitForReadinessAsync(System.Net.HttpStatusCode.ServiceUnavailable);

        var result = (await fanout.Tool().With("FANOUT_URL", node.BaseUri.AbsoluteUri).RunAsync("doctor", "--redis", redis.ConnectionString, "--json")).Expect(1);

        Assert.Contains(Findings(result), finding => (string?)finding["check"] == "ready" && (string?)finding["severity"] == "fail" && ((string)finding["text"]!).StartsWith("backplane: degraded", StringComparison.Ordinal));
        Assert.Contains("refused", Text(result, "connect"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(10, "warn")]
    [InlineData(-3600, "fail")]
    public async Task Node_WhoseClockIsWrong_IsToldSo(int seconds, string severity)
    {
        await using var node = await Receiver.StartAsync();
        node.Answer = (_, context) =>
        {
            context.Response.Headers.Date = DateTimeOffset.UtcNow.AddSeconds(seconds).ToString("R");
            return Task.CompletedTask;
        };

        var result = await fanout.Tool().With("FANOUT_URL", node.Url.AbsoluteUri).RunAsync("doctor", "--json");

        Assert.Equal(severity, Severity(result, "clock"));
        Assert.Contains(seconds > 0 ? "ahead of this machine" : "behind this machine", Text(result, "clock"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Node_ThatIsDown_Fails()
    {
        var result = (await fanout.Tool().With("FANOUT_URL", "http://127.0.0.1:1").RunAsync("doctor")).Expect(1);

        Assert.Equal(["fail", "node", "reachable"], result.Values[0][..3]);
    }

    private static Task<ToolResult> Doctor(params string[] arguments) => new FanoutTool().RunAsync(["doctor", .. arguments]);

    private static IEnumerable<JsonNode> Findings(ToolResult result) => ((JsonArray)result.Json["findings"]!).Select(finding => finding!);

    private static string? Severity(ToolResult result, string check) => (string?)Findings(result).First(finding => (string?)finding["check"] == check)["severity"];

    private static string Text(ToolResult result, string check) => (string)Findings(result).First(finding => (string?)finding["check"] == check)["text"]!;
}
