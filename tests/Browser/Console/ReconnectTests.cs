using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Fanout.Tests.Browser.Support;
using Fanout.Tests.Integration.Support;
using Fanout.Tests.TestKit;
using Fanout.Tests.TestKit.Faults;
using Fanout.Tests.TestKit.Nodes;
using Fanout.Tests.TestKit.Redis;
using Microsoft.Playwright;
using Xunit;
using static Microsoft.Playwright.Assertions;

namespace Fanout.Tests.Browser.Console;

/// <summary>The console when what it hangs on ends: its node, its token, its key, its own connection. It is reached as by a load balancer.</summary>
public sealed class ReconnectTests(BrowserFixture browser, RedisFixture redis)
{
    private const string OtherKey = "the key that took the other's place";

    private static readonly LocatorAssertionsToBeVisibleOptions Long = new() { Timeout = 60_000 };
    private static readonly LocatorAssertionsToHaveTextOptions LongText = new() { Timeout = 60_000 };

    [Fact]
    public async Task OwnNode_ThatIsKilled_TurnsRedOnAnother()
    {
        await using var scope = await redis.CreateScopeAsync();
        // The page may take its time to come back, and must still find it dead and not yet removed.
        var slow = ("Fanout:Lease:Expire", "00:00:45");
        await using var one = await StartAsync(scope, "one", slow);
        await using var two = await StartAsync(scope, "two", slow);
        await using var proxy = FaultProxy.Start(one.BaseUri);
        await using var console = await OpenAsync(proxy);
        await Expect(console.Node("one")).ToContainTextAsync("this page");
        await Expect(console.NodeIn("two", "live")).ToBeVisibleAsync(Long);
        await console.HasReportedAsync("one");

        proxy.Retarget(two.BaseUri);
        await one.Process.KillAsync();

        await Expect(console.Node("two")).ToContainTextAsync("this page", new() { Timeout = 60_000 });
        await Expect(console.Link).ToHaveTextAsync("Live", LongText);
        await Expect(console.NodeIn("one", "silent")).ToBeVisibleAsync(Long);
        await Expect(console.Headline).ToContainTextAsync("one does not answer");
        await Expect(console.Node("one")).ToHaveCountAsync(0, new() { Timeout = 90_000 });
        await Expect(console.Headline).ToContainTextAsync("Everything is running");
        // What happened while nobody was connected is read from the history.
        await Expect(console.Page.Locator("[data-testid=event][data-kind=node_reaped]")).ToBeVisibleAsync();
    }

    [Fact]
    public async Task OwnNode_ThatIsDrained_Leaves_AndThePageGoesOn()
    {
        await using var scope = await redis.CreateScopeAsync();
        await using var one = await StartAsync(scope, "one", ("Fanout:Drain:Notice", "00:00:15"), ("Fanout:Drain:Deadline", "00:00:40"), ("Fanout:Drain:Window", "00:00:01"));
        await using var two = await StartAsync(scope, "two");
        await using var proxy = FaultProxy.Start(one.BaseUri);
        await using var console = await OpenAsync(proxy);
        await Expect(console.NodeIn("two", "live")).ToBeVisibleAsync(Long);
        await Expect(console.NodeIn("one", "live")).ToBeVisibleAsync(Long);

        proxy.Retarget(two.BaseUri);
        one.Process.Terminate();

        await Expect(console.NodeIn("one", "draining")).ToBeVisibleAsync(Long);
        await Expect(console.Node("two")).ToContainTextAsync("this page", new() { Timeout = 60_000 });
        await Expect(console.Node("one")).ToHaveCountAsync(0, new() { Timeout = 60_000 });
        await Expect(console.Headline).ToContainTextAsync("Everything is running");
        await Expect(console.Page.Locator("[data-testid=event][data-kind=node_left]")).ToBeVisibleAsync();
        Assert.Equal(0, await console.Page.Locator("[data-testid=event][data-kind=node_reaped]").CountAsync());
    }

    // The key was taken out while the page was open: it may not come back, and says why.
    [Fact]
    public async Task Key_ThatIsReplaced_EndsAtTheSignIn()
    {
        await using var scope = await redis.CreateScopeAsync();
        await using var one = await StartAsync(scope, "one");
        await using var two = await StartAsync(scope, "two", ("Fanout:Api:Keys:0:Key", OtherKey));
        await using var proxy = FaultProxy.Start(one.BaseUri);
        await using var console = await OpenAsync(proxy);

        proxy.Retarget(two.BaseUri);
        proxy.Cut();

        await Expect(console.Page.GetByRole(AriaRole.Alert)).ToContainTextAsync("not valid any more", new() { Timeout = 60_000 });
        Assert.Equal(0, await console.Page.EvaluateAsync<int>("sessionStorage.length"));
        await console.SignInAsync(OtherKey);
        await Expect(console.Link).ToHaveTextAsync("Live", LongText);
    }

    // A token lasts five minutes, and the first one here twelve seconds; the page buys another before it ends, for the same connection.
    [Fact]
    public async Task Page_OutlivesItsToken()
    {
        await using var scope = await redis.CreateScopeAsync();
        await using var one = await StartAsync(scope, "one");
        await using var proxy = FaultProxy.Start(one.BaseUri);
        var ends = new TaskCompletionSource<DateTimeOffset>();
        var (bought, sockets) = (0, 0);
        await using var console = await OpenAsync(proxy, async page =>
        {
            page.WebSocket += (_, _) => Interlocked.Increment(ref sockets);
            await page.RouteAsync("**/console/session", async route =>
            {
                var answer = await route.FetchAsync();
                var session = JsonNode.Parse(await answer.TextAsync())!;
                // Where the page asks for the first time it has no key to offer yet.
                if (answer.Ok && Interlocked.Increment(ref bought) == 1)
                {
                    ends.SetResult(DateTimeOffset.UtcNow.AddSeconds(12));
                    session["token"] = TokenUntil(await ends.Task);
                }
                await route.FulfillAsync(new() { Response = answer, Body = session.ToJsonString() });
            });
        });

        var end = await ends.Task.WithDeadline("the first token");
        await Eventually.TrueAsync(() => DateTimeOffset.UtcNow > end.AddSeconds(2), "the first token to be over");

        Assert.Equal(2, Volatile.Read(ref bought));
        Assert.Equal(1, Volatile.Read(ref sockets));
        await Expect(console.Link).ToHaveTextAsync("Live");
        await Expect(console.Headline).ToContainTextAsync("Everything is running");
    }

    [Fact]
    public async Task OwnConnection_ThatAnOperatorCloses_SaysSo()
    {
        await using var scope = await redis.CreateScopeAsync();
        await using var one = await StartAsync(scope, "one");
        await using var proxy = FaultProxy.Start(one.BaseUri);
        await using var console = await OpenAsync(proxy);
        var id = (await one.Api.MembersAsync("$ops")).Ok["items"]![0]!["clientId"]!.GetValue<string>();

        Assert.True((await one.Api.DisconnectAsync(id)).IsSuccess);

        await Expect(console.Page.GetByRole(AriaRole.Alert)).ToContainTextAsync("disconnected by an operator");
    }

    // The page was loaded, or reloaded, while its node started anew.
    [Fact]
    public async Task Page_WhoseNodeDoesNotAnswerYet_TriesAgainByItself()
    {
        await using var scope = await redis.CreateScopeAsync();
        await using var one = await StartAsync(scope, "one");
        await using var proxy = FaultProxy.Start(one.BaseUri);
        await using var console = await OpenAsync(proxy);
        // The files come, and the session does not: as when the node stops in between.
        await console.Page.RouteAsync("**/console/session", route => route.AbortAsync());
        await console.Page.ReloadAsync();
        await Expect(console.Page.GetByRole(AriaRole.Alert)).ToContainTextAsync("does not answer");
        await console.AccessibleAsync("a node that does not answer");

        await console.Page.UnrouteAsync("**/console/session");

        await Expect(console.Link).ToHaveTextAsync("Live", LongText);
    }

    // As the node makes them, but for the time (Console/ConsoleTokens.cs).
    private static string TokenUntil(DateTimeOffset end)
    {
        var key = Rfc2898DeriveBytes.Pbkdf2(Encoding.UTF8.GetBytes(NodeOptions.ApiKey), "fanout console token, version 1"u8, 100_000, HashAlgorithmName.SHA256, 32);
        var text = Part(new JsonObject { ["alg"] = "HS256", ["kid"] = "tests" }) + "." + Part(new JsonObject { ["aud"] = "fanout-console", ["exp"] = end.ToUnixTimeSeconds() });
        return $"console.{text}.{Base64Url.EncodeToString(HMACSHA256.HashData(key, Encoding.ASCII.GetBytes(text)))}";

        static string Part(JsonObject json) => Base64Url.EncodeToString(Encoding.UTF8.GetBytes(json.ToJsonString()));
    }

    private async Task<ConsolePage> OpenAsync(FaultProxy proxy, Func<IPage, Task>? prepare = null)
    {
        var console = await ConsolePage.OpenAsync(browser, proxy.BaseUri, NodeOptions.ApiKey, prepare: prepare);
        await Expect(console.Link).ToHaveTextAsync("Live", LongText);
        await Expect(console.NodeIn("one", "live")).ToBeVisibleAsync(Long);
        return console;
    }

    private static Task<RunningNode> StartAsync(RedisScope scope, string name, params (string, string?)[] more) => RunningNode.StartAsync(
        new NodeOptions().WithRedis(scope.ConnectionString, scope.Prefix).With(
            [("Fanout:Node:Name", name), ("Fanout:Lease:Renew", "00:00:01"), ("Fanout:Lease:Expire", "00:00:08"), .. more]));
}
