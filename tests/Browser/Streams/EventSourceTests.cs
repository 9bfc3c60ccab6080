using System.Text.Json;
using System.Text.Json.Nodes;
using Fanout.Tests.Browser.Support;
using Fanout.Tests.Integration.Support;
using Fanout.Tests.TestKit;
using Fanout.Tests.TestKit.Clients;
using Fanout.Tests.TestKit.Nodes;
using Fanout.Tests.TestKit.Redis;
using Fanout.Tests.TestKit.Streams;
using Microsoft.Playwright;
using Xunit;

namespace Fanout.Tests.Browser.Streams;

/// <summary>A browser's own EventSource, in a page of another origin.</summary>
public sealed class EventSourceTests(BrowserFixture browser, RedisFixture redis)
{
    // What came by `onmessage`, and by name; `errors` counts what the browser itself calls so.
    private const string Open = """
        url => {
          window.messages = [];
          window.named = [];
          window.errors = 0;
          window.source = new EventSource(url);
          source.onmessage = e => messages.push({ room: JSON.parse(e.data).room, payload: JSON.parse(e.data).payload, id: e.lastEventId });
          source.onerror = () => errors++;
          for (const name of ['connected', 'joined', 'problem', 'closed', 'drain'])
            source.addEventListener(name, e => named.push({ name, data: JSON.parse(e.data), id: e.lastEventId }));
        }
        """;

    [Fact]
    public async Task EventSource_WhoseNodeIsKilled_ComesBackByItself_AndMissesNothing()
    {
        await using var server = await PageServer.StartAsync();
        await using var scope = await redis.CreateScopeAsync();
        var options = new NodeOptions().WithRedis(scope.ConnectionString, scope.Prefix)
            .With(("Fanout:Auth:AllowedOrigins:0", server.Origin), ("Fanout:Sse:RetryDelay", "00:00:00.2"));
        await using var staying = await RunningNode.StartAsync(options);
        var victim = await RunningNode.StartAsync(options with { Urls = LastingPort.FreeUrl() });
        var address = victim.BaseUri;
        var page = await OpenAsync(server, new Uri(address, "/sse?rooms=a,b"));
        await WaitAsync(page, "named.filter(e => e.name === 'joined').length === 2");

        await PublishAsync(0, 3);
        await WaitAsync(page, "messages.length === 6");
        await victim.Process.KillAsync();
        await victim.DisposeAsync();
        await WaitAsync(page, "errors > 0");
        await PublishAsync(3, 6);
        // Another node at the same address, as behind a proxy.
        await using var successor = await RunningNode.StartAsync(options with { Urls = address.ToString() });
        await WaitAsync(page, "messages.length >= 12");
        await PublishAsync(6, 8);
        await WaitAsync(page, "messages.length >= 16 && source.readyState === 1");

        foreach (var room in new[] { "a", "b" })
            Assert.Equal(Enumerable.Range(0, 8), (await page.EvaluateAsync<int[]>($"messages.filter(m => m.room === '{room}').map(m => m.payload[0])")).ToArray());
        Assert.All(
            (await page.EvaluateAsync<JsonElement>("named.filter(e => e.name === 'joined').slice(2)")).EnumerateArray(),
            joined => Assert.True(joined.GetProperty("data").GetProperty("payload").GetProperty("recovered").GetBoolean()));
        Assert.Matches("^a;[0-9a-f]{32};8,b;[0-9a-f]{32};8$", string.Join(',', (await page.EvaluateAsync<string>("messages.at(-1).id")).Split(',').Order(StringComparer.Ordinal)));
        await page.Context.CloseAsync();

        async Task PublishAsync(int from, int to)
        {
            for (var i = from; i < to; i++)
            {
                foreach (var room in new[] { "a", "b" })
                    Assert.True((await staying.Api.PublishRawAsync(room, $"[\n{i}\n]")).IsSuccess);
            }
        }
    }

    // A page that shows a user's notifications: what waited the first time, each push as it comes, and what came while its node was away.
    [Fact]
    public async Task EventSource_OfAUser_ShowsWhatWaited_AndEachPushOnce()
    {
        await using var server = await PageServer.StartAsync();
        await using var scope = await redis.CreateScopeAsync();
        var options = new NodeOptions().WithRedis(scope.ConnectionString, scope.Prefix).With(
            ("Fanout:Auth:AllowedOrigins:0", server.Origin), ("Fanout:Auth:AllowAnonymous", "false"), ("Fanout:Auth:Jwt:SigningKey", Tokens.SigningKey), ("Fanout:Sse:RetryDelay", "00:00:00.2"));
        await using var staying = await RunningNode.StartAsync(options);
        var victim = await RunningNode.StartAsync(options with { Urls = LastingPort.FreeUrl() });
        var address = victim.BaseUri;
        for (var i = 1; i <= 5; i++)
            Assert.False((await PushAsync(i)).Flag("online"));

        var page = await OpenAsync(server, new Uri(address, "/sse?last=3&access_token=" + Tokens.For("ann")));
        await WaitAsync(page, "messages.length === 3");
        Assert.True((await PushAsync(6)).Flag("online"));
        await WaitAsync(page, "messages.length === 4");
        await victim.Process.KillAsync();
        await victim.DisposeAsync();
        await WaitAsync(page, "errors > 0");
        await PushAsync(7);
        await using var successor = await RunningNode.StartAsync(options with { Urls = address.ToString() });
        await WaitAsync(page, "messages.length >= 5 && source.readyState === 1");
        await PushAsync(8);
        await WaitAsync(page, "messages.length >= 6");

        Assert.Equal(Enumerable.Range(3, 6), (await page.EvaluateAsync<int[]>("messages.map(m => m.payload)")).ToArray());
        await page.Context.CloseAsync();

        async Task<JsonObject> PushAsync(int number) => (await staying.Api.PushAsync("ann", number)).Ok;
    }

    [Fact]
    public async Task EventSource_OfAClientThatAnOperatorDisconnects_StaysAway()
    {
        await using var server = await PageServer.StartAsync();
        await using var node = await StartAsync(server);
        var page = await OpenAsync(server, new Uri(node.BaseUri, "/sse?rooms=a"));
        await WaitAsync(page, "named.some(e => e.name === 'joined')");

        await node.Api.DisconnectAsync(await page.EvaluateAsync<string>("named[0].data.payload.clientId"));

        // CLOSED: the browser has given up, by itself.
        await WaitAsync(page, "source.readyState === 2");
        Assert.Equal(4503, await page.EvaluateAsync<int>("named.at(-1).data.payload.code"));
        Assert.Equal(1, await page.EvaluateAsync<int>("named.filter(e => e.name === 'connected').length"));
        await page.Context.CloseAsync();
    }

    [Fact]
    public async Task EventSource_ThatIsRefusedForNow_ComesBackByItself()
    {
        await using var server = await PageServer.StartAsync();
        await using var node = await StartAsync(server, ("Fanout:Limits:MaxConnections", "1"));
        await using var first = await node.StreamAsync(new EventStreamOptions());
        var page = await OpenAsync(server, new Uri(node.BaseUri, "/sse?rooms=a"));
        await WaitAsync(page, "named.some(e => e.name === 'closed' && e.data.payload.status === 503)");

        await first.DisposeAsync();

        await WaitAsync(page, "named.some(e => e.name === 'joined')");
        await page.Context.CloseAsync();
    }

    [Fact]
    public async Task EventSource_OfADrainingNode_IsTold_AndComesBackToTheNextOne()
    {
        await using var server = await PageServer.StartAsync();
        var options = new NodeOptions().With(
            ("Fanout:Auth:AllowedOrigins:0", server.Origin), ("Fanout:Drain:Window", "00:00:00"), ("Fanout:Drain:Notice", "00:00:00"));
        var leaving = await RunningNode.StartAsync(options with { Urls = LastingPort.FreeUrl() });
        var page = await OpenAsync(server, new Uri(leaving.BaseUri, "/sse?rooms=a"));
        await WaitAsync(page, "named.some(e => e.name === 'joined')");

        leaving.Process.Terminate();
        await WaitAsync(page, "named.some(e => e.name === 'drain') && named.some(e => e.name === 'closed' && e.data.payload.code === 1001)");
        Assert.Equal(0, await leaving.Process.WaitForExitAsync());
        await using var next = await RunningNode.StartAsync(options with { Urls = leaving.BaseUri.ToString() });

        await WaitAsync(page, "named.filter(e => e.name === 'joined').length === 2");
        await page.Context.CloseAsync();
        await leaving.DisposeAsync();
    }

    [Fact]
    public async Task EventSource_OfAPageThatIsNotAllowed_GetsNothing()
    {
        await using var server = await PageServer.StartAsync();
        await using var node = await RunningNode.StartAsync(new NodeOptions());
        var page = await OpenAsync(server, new Uri(node.BaseUri, "/sse?rooms=a"));

        await WaitAsync(page, "source.readyState === 2");
        Assert.Equal(0, await page.EvaluateAsync<int>("named.length"));
        await page.Context.CloseAsync();
    }

    private static Task<RunningNode> StartAsync(PageServer server, params (string Name, string? Value)[] settings) => RunningNode.StartAsync(
        new NodeOptions().With([("Fanout:Auth:AllowedOrigins:0", server.Origin), ("Fanout:Sse:RetryDelay", "00:00:00.2"), .. settings]));

    private async Task<IPage> OpenAsync(PageServer server, Uri stream)
    {
        var page = await browser.NewPageAsync();
        await page.GotoAsync(server.Url);
        await page.EvaluateAsync(Open, stream.ToString());
        return page;
    }

    private static Task<IJSHandle> WaitAsync(IPage page, string condition) => page.WaitForFunctionAsync("() => " + condition);
}
