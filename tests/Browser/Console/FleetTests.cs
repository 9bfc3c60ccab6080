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

/// <summary>The console before a fleet that works, is killed, and loses its Redis.</summary>
public sealed class FleetTests(BrowserFixture browser, RedisFixture redis)
{
    private static readonly LocatorAssertionsToBeVisibleOptions Long = new() { Timeout = 60_000 };

    [Fact]
    public async Task TwoNodesUnderLoad_AreShown_AndTheChartsMove()
    {
        await using var scope = await redis.CreateScopeAsync();
        await using var one = await StartAsync(scope, "one");
        await using var two = await StartAsync(scope, "two");
        await using var traffic = await Traffic.StartAsync("busy.room", one, two);
        await using var console = await ConsolePage.OpenAsync(browser, one);

        await Expect(console.NodeIn("one", "live")).ToBeVisibleAsync(Long);
        await Expect(console.NodeIn("two", "live")).ToBeVisibleAsync(Long);
        await Expect(console.Headline).ToContainTextAsync("Everything is running");
        await Expect(console.Page.GetByTestId("connections")).ToHaveTextAsync("2");
        await Expect(console.Page.GetByTestId("top-room").Filter(new() { HasText = "busy.room" })).ToContainTextAsync("2 members");
        await Expect(console.Page.GetByTestId("value-deliveries")).Not.ToHaveTextAsync("0");
        await Expect(console.Page.GetByTestId("event").Filter(new() { HasText = "Node two is up" })).ToBeVisibleAsync();

        // What the canvas shows is another thing some seconds later, and so are its words.
        foreach (var id in (string[])["deliveries", "publishes"])
        {
            var canvas = console.Page.GetByTestId($"chart-{id}").Locator("canvas");
            var before = await canvas.EvaluateAsync<string>("canvas => canvas.toDataURL()");
            await Eventually.TrueAsync(async () => await canvas.EvaluateAsync<string>("canvas => canvas.toDataURL()") != before, $"the chart of {id} to move");
            await Expect(console.Page.GetByTestId($"chart-{id}").GetByRole(AriaRole.Img)).ToHaveAttributeAsync("aria-label", new System.Text.RegularExpressions.Regex("now [1-9]"));
        }
    }

    [Fact]
    public async Task KilledNode_TurnsRed_AndDisappears()
    {
        await using var scope = await redis.CreateScopeAsync();
        await using var one = await StartAsync(scope, "one", ("Fanout:Lease:Renew", "00:00:01"), ("Fanout:Lease:Expire", "00:00:08"));
        await using var two = await StartAsync(scope, "two", ("Fanout:Lease:Renew", "00:00:01"), ("Fanout:Lease:Expire", "00:00:08"));
        await using var console = await ConsolePage.OpenAsync(browser, one);
        await Expect(console.NodeIn("two", "live")).ToBeVisibleAsync(Long);

        await two.Process.KillAsync();

        await Expect(console.NodeIn("two", "silent")).ToBeVisibleAsync(Long);
        await Expect(console.NodeIn("two", "silent").Locator(".state")).ToHaveCSSAsync("color", "rgb(194, 42, 42)");
        await Expect(console.Headline).ToHaveAttributeAsync("data-level", "bad");
        await Expect(console.Headline).ToContainTextAsync("two does not answer");
        await Expect(console.Node("two")).ToHaveCountAsync(0, new() { Timeout = 60_000 });
        await Expect(console.Page.Locator("[data-testid=event][data-kind=node_reaped]")).ToBeVisibleAsync();
        await Expect(console.NodeIn("one", "live")).ToBeVisibleAsync();
        await Expect(console.Headline).ToContainTextAsync("Everything is running");
    }

    [Fact]
    public async Task DegradedBackplane_Shows_AndHeals()
    {
        await using var scope = await redis.CreateScopeAsync();
        await using var proxy = FaultProxy.Start(scope.ConnectionString.Split(',')[0]);
        await using var node = await RunningNode.StartAsync(new NodeOptions().WithRedis(proxy.EndPoint, scope.Prefix).With(
            ("Fanout:Node:Name", "one"), ("Fanout:Health:ProbeInterval", "00:00:00.2"), ("Fanout:Health:ProbeTimeout", "00:00:00.5"), ("Fanout:Redis:CommandTimeout", "00:00:01")));
        await using var console = await ConsolePage.OpenAsync(browser, node);
        await Expect(console.NodeIn("one", "live")).ToBeVisibleAsync(Long);

        proxy.RefuseNew();
        proxy.Cut();
        await Expect(console.NodeIn("one", "degraded")).ToBeVisibleAsync(Long);
        await Expect(console.Headline).ToContainTextAsync("The backplane is degraded");
        await Expect(console.Page.Locator("[data-testid=event][data-kind=backplane_degraded]").First).ToBeVisibleAsync(Long);

        proxy.Heal();
        await Expect(console.NodeIn("one", "live")).ToBeVisibleAsync(Long);
        await Expect(console.Headline).ToContainTextAsync("Everything is running");
    }

    private static Task<RunningNode> StartAsync(RedisScope scope, string name, params (string, string?)[] more) => RunningNode.StartAsync(
        new NodeOptions().WithRedis(scope.ConnectionString, scope.Prefix).With([("Fanout:Node:Name", name), ("Fanout:Limits:MessagesPerSecond", "0"), .. more]));
}
