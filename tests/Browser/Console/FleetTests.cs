using System.Text.RegularExpressions;
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

        // What the canvas shows is another thing some seconds later, and so are its words. The latency is measured by the nodes, and nobody else knows it.
        foreach (var (id, words) in ((string, string)[])[("deliveries", "now [1-9]"), ("publishes", "now [1-9]"), ("latency", "median: now (<1|[0-9.]+) m?s.*99th percentile: now (<1|[0-9.]+) m?s")])
        {
            var canvas = console.Page.GetByTestId($"chart-{id}").Locator("canvas");
            var before = await canvas.EvaluateAsync<string>("canvas => canvas.toDataURL()");
            await Eventually.TrueAsync(async () => await canvas.EvaluateAsync<string>("canvas => canvas.toDataURL()") != before, $"the chart of {id} to move");
            await Expect(console.Page.GetByTestId($"chart-{id}").GetByRole(AriaRole.Slider)).ToHaveAttributeAsync("aria-label", new Regex(words));
        }

        await Expect(console.Page.GetByTestId("value-latency")).ToHaveTextAsync(new Regex("^(<1|[0-9.]+)$"));
        await console.AccessibleAsync("a fleet under load");
    }

    [Fact]
    public async Task Chart_ByKeyboard_TellsEachSecond()
    {
        await using var scope = await redis.CreateScopeAsync();
        await using var one = await StartAsync(scope, "one");
        await using var traffic = await Traffic.StartAsync("busy.room", one);
        await using var console = await ConsolePage.OpenAsync(browser, one);
        var chart = console.Page.GetByTestId("chart-deliveries").GetByRole(AriaRole.Slider);
        await Expect(chart).ToHaveAttributeAsync("aria-valuenow", new Regex("^([3-9]|[1-9][0-9]+)$"), new() { Timeout = 60_000 });
        await Expect(chart).ToHaveAttributeAsync("aria-valuetext", "now");

        await chart.FocusAsync();
        await console.Page.Keyboard.PressAsync("ArrowLeft");
        await Expect(chart).ToHaveAttributeAsync("aria-valuetext", new Regex("^[0-9:]{8}: deliveries a second [0-9,.]+$"));
        await Expect(console.Page.GetByTestId("chart-publishes").Locator(".chart-note")).ToHaveTextAsync(new Regex("^[0-9:]{8}$"));

        await console.Page.Keyboard.PressAsync("Escape");
        await Expect(chart).ToHaveAttributeAsync("aria-valuetext", "now");
    }

    // What a deploy does: no node that leaves in good order is ever shown as a fault.
    [Fact]
    public async Task DrainedNode_IsShownToDrain_AndLeaves_WithoutEverTurningRed()
    {
        await using var scope = await redis.CreateScopeAsync();
        await using var one = await StartAsync(scope, "one");
        await using var two = await StartAsync(scope, "two", ("Fanout:Drain:Notice", "00:00:15"), ("Fanout:Drain:Deadline", "00:00:40"), ("Fanout:Drain:Window", "00:00:01"));
        await using var console = await ConsolePage.OpenAsync(browser, one);
        await Expect(console.NodeIn("two", "live")).ToBeVisibleAsync(Long);
        await Expect(console.NodeIn("one", "live")).ToBeVisibleAsync(Long);
        await console.WatchLevelsAsync();
        await console.WatchNodeAsync("two");

        two.Process.Terminate();

        await Expect(console.NodeIn("two", "draining")).ToBeVisibleAsync(Long);
        await Expect(console.Headline).ToContainTextAsync("two is draining");
        await Expect(console.Node("two")).ToHaveCountAsync(0, new() { Timeout = 120_000 });
        // Shown for some seconds, which a busy machine looks away for.
        Assert.Contains(await console.ShownAsync(), shown => shown.StartsWith("gone:", StringComparison.Ordinal) && shown.Contains("Left", StringComparison.Ordinal));
        await Expect(console.Page.Locator("[data-testid=event][data-kind=node_left]")).ToBeVisibleAsync();
        await Expect(console.Headline).ToContainTextAsync("Everything is running");
        Assert.DoesNotContain("bad", await console.LevelsAsync());
    }

    [Fact]
    public async Task KilledNode_TurnsRed_AndDisappears()
    {
        await using var scope = await redis.CreateScopeAsync();
        // It is red until its lease ends, and all that is looked at there must fit in, on a busy machine too.
        var slow = new[] { ("Fanout:Lease:Renew", (string?)"00:00:01"), ("Fanout:Lease:Expire", "00:01:00") };
        await using var one = await StartAsync(scope, "one", slow);
        await using var two = await StartAsync(scope, "two", slow);
        await using var console = await ConsolePage.OpenAsync(browser, one);
        await Expect(console.NodeIn("two", "live")).ToBeVisibleAsync(Long);
        await console.HasReportedAsync("two");

        await two.Process.KillAsync();

        await Expect(console.NodeIn("two", "silent")).ToBeVisibleAsync(Long);
        await Expect(console.NodeIn("two", "silent").Locator(".state")).ToHaveCSSAsync("color", "rgb(194, 42, 42)");
        await Expect(console.Headline).ToHaveAttributeAsync("data-level", "bad");
        await Expect(console.Headline).ToContainTextAsync("two does not answer");
        await console.AccessibleAsync("a killed node");
        await Expect(console.Node("two")).ToHaveCountAsync(0, new() { Timeout = 150_000 });
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
        await console.HasReportedAsync("one");

        proxy.RefuseNew();
        proxy.Cut();
        await Expect(console.NodeIn("one", "degraded")).ToBeVisibleAsync(Long);
        await Expect(console.Headline).ToContainTextAsync("The backplane is degraded");
        await Expect(console.Page.Locator("[data-testid=event][data-kind=backplane_degraded]").First).ToBeVisibleAsync(Long);
        // Who does not see the list hears of it.
        await Expect(console.Page.GetByTestId("event-said")).ToContainTextAsync("Trouble: ");
        await console.AccessibleAsync("a degraded backplane");

        proxy.Heal();
        await Expect(console.NodeIn("one", "live")).ToBeVisibleAsync(Long);
        await Expect(console.Headline).ToContainTextAsync("Everything is running");
    }

    // The moment at which an operator opens it: there is no room to join, and no list to read.
    [Fact]
    public async Task Page_ThatIsOpenedWhileTheBackplaneIsAway_SaysSo_AndComesToLife()
    {
        await using var scope = await redis.CreateScopeAsync();
        await using var proxy = FaultProxy.Start(scope.ConnectionString.Split(',')[0]);
        await using var node = await RunningNode.StartAsync(new NodeOptions().WithRedis(proxy.EndPoint, scope.Prefix).With(
            ("Fanout:Node:Name", "one"), ("Fanout:Health:ProbeInterval", "00:00:00.2"), ("Fanout:Redis:CommandTimeout", "00:00:01")));
        proxy.RefuseNew();
        proxy.Cut();
        await node.Process.WaitForReadinessAsync(System.Net.HttpStatusCode.ServiceUnavailable);

        await using var console = await ConsolePage.OpenAsync(browser, node);

        await Expect(console.Headline).ToContainTextAsync("The backplane is degraded");
        await Expect(console.Page.Locator("[data-testid=node][data-state='degraded']")).ToHaveCountAsync(1);
        await console.AccessibleAsync("a page that was opened in an outage");

        proxy.Heal();
        await Expect(console.NodeIn("one", "live")).ToBeVisibleAsync(Long);
        await console.HasReportedAsync("one");
        await Expect(console.Headline).ToContainTextAsync("Everything is running");
    }

    private static Task<RunningNode> StartAsync(RedisScope scope, string name, params (string, string?)[] more) => RunningNode.StartAsync(
        new NodeOptions().WithRedis(scope.ConnectionString, scope.Prefix).With([("Fanout:Node:Name", name), ("Fanout:Limits:MessagesPerSecond", "0"), .. more]));
}
