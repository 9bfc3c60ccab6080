using System.Globalization;
using Fanout.Tests.Browser.Support;
using Fanout.Tests.Integration.Support;
using Fanout.Tests.TestKit.Clients;
using Fanout.Tests.TestKit.Faults;
using Fanout.Tests.TestKit.Nodes;
using Fanout.Tests.TestKit.Redis;
using Microsoft.Playwright;
using Xunit;
using static Microsoft.Playwright.Assertions;

namespace Fanout.Tests.Browser.Console;

/// <summary>
/// The console in each of its states, at desktop and phone width, light and dark: it fits, and axe finds nothing serious. <c>scripts/console-shots</c> takes
/// pictures of the same, for people to look at.
/// </summary>
public sealed class ShotTests(BrowserFixture browser, RedisFixture redis)
{
    private static readonly LocatorAssertionsToBeVisibleOptions Long = new() { Timeout = 60_000 };

    // Where the pictures go; without it none are taken, and the charts need not fill.
    private static readonly string? Folder = Environment.GetEnvironmentVariable("FANOUT_CONSOLE_SHOTS") is { Length: > 0 } folder ? folder : null;

    private static readonly (int Width, ColorScheme Scheme)[] Looks =
        [(1440, ColorScheme.Light), (390, ColorScheme.Dark), (1440, ColorScheme.Dark), (390, ColorScheme.Light)];

    // Without pictures one look a state is enough, another each time: a page takes seconds where Chromium has no graphics card.
    private int _shots;

    [Fact]
    public async Task Empty()
    {
        await using var node = await RunningNode.StartAsync(new NodeOptions().With(("Fanout:Node:Name", "node-1")));
        await ShootAsync("empty", node, console => Expect(console.NodeIn("node-1", "live")).ToBeVisibleAsync(Long));
    }

    [Fact]
    public async Task SignIn_AndDevelopment()
    {
        await using var node = await RunningNode.StartAsync(new NodeOptions().With(("Fanout:Node:Name", "node-1")));
        await ShootAsync("sign-in", node, console => Expect(console.Page.GetByLabel("API key")).ToBeVisibleAsync(), key: null);
        await ShootAsync("sign-in-refused", node, console => Expect(console.Page.GetByRole(AriaRole.Alert)).ToBeVisibleAsync(), key: "a wrong key");
        await using var open = await RunningNode.StartAsync(new NodeOptions { EnvironmentName = "Development" }.With(
            ("Fanout:Node:Name", "node-1"), ("Fanout:Api:Keys:0:Name", null), ("Fanout:Api:Keys:0:Key", null), ("Fanout:Api:Keys:0:Scopes:0", null), ("Fanout:Api:Keys:0:Scopes:1", null), ("Fanout:Api:Keys:0:Scopes:2", null)));
        await ShootAsync("development", open, console => Expect(console.NodeIn("node-1", "live")).ToBeVisibleAsync(Long), key: null);
    }

    [Fact]
    public async Task Busy_SearchedAndKilled()
    {
        await using var scope = await redis.CreateScopeAsync();
        await using var one = await StartAsync(scope, "node-1");
        await using var two = await StartAsync(scope, "node-2");
        await using var three = await StartAsync(scope, "node-3");
        RunningNode[] nodes = [one, two, three];
        await using var traffic = await BusyRooms.StartAsync(nodes, rooms: 12, isCalm: Folder is null);
        await ShootAsync(
            "busy", nodes[0],
            async console =>
            {
                await Expect(console.NodeIn("node-3", "live")).ToBeVisibleAsync(Long);
                await Expect(console.Page.GetByTestId("top-room").First).ToBeVisibleAsync(Long);
                if (Folder is not null)
                    await Expect(console.Page.GetByTestId("chart-deliveries").GetByRole(AriaRole.Slider)).ToHaveAttributeAsync("aria-valuenow", new System.Text.RegularExpressions.Regex("^(2[0-9]|[3-9][0-9])$"), new() { Timeout = 60_000 });
            });

        await ShootAsync("search", nodes[0], async console =>
        {
            await FindAsync(console, "lobby");
            await Expect(console.Page.GetByTestId("result").First).ToBeVisibleAsync(Long);
        });
        await ShootAsync("room", nodes[0], async console =>
        {
            await FindAsync(console, "lobby.0");
            await console.Page.GetByTestId("result").First.ClickAsync();
            await Expect(console.Page.GetByTestId("members").GetByRole(AriaRole.Listitem).First).ToBeVisibleAsync(Long);
        });
        await ShootAsync("history", nodes[0], async console =>
        {
            await FindAsync(console, "lobby.0");
            await console.Page.GetByTestId("result").First.ClickAsync();
            await console.Page.GetByRole(AriaRole.Dialog).GetByRole(AriaRole.Button, new() { Name = "History", Exact = true }).ClickAsync();
            await Expect(console.Page.GetByTestId("message").First).ToBeVisibleAsync(Long);
        });
        await ShootAsync("connection", nodes[0], async console =>
        {
            await FindAsync(console, traffic.SomeClient);
            await console.Page.GetByTestId("result").First.ClickAsync();
            await Expect(console.Page.GetByTestId("connection-rooms")).ToBeVisibleAsync(Long);
        });
        await ShootAsync("try-it", nodes[0], async console =>
        {
            await console.Page.GetByRole(AriaRole.Button, new() { Name = "Join", Exact = true }).ClickAsync();
            await Expect(console.Page.GetByTestId("try-state")).ToContainTextAsync("In playground");
            for (var i = 1; i <= 3; i++)
            {
                await console.Page.GetByLabel("Payload, as JSON").FillAsync($$"""{"hello": "world", "number": {{i}}}""");
                await console.Page.GetByRole(AriaRole.Button, new() { Name = "Publish" }).ClickAsync();
                await Expect(console.Page.GetByTestId("try-messages").GetByRole(AriaRole.Listitem)).ToHaveCountAsync(i);
            }

            await console.Page.GetByTestId("try-messages").ScrollIntoViewIfNeededAsync();
        });

        // To a page a node that is stopped is one that was killed; and this one can be there again for the next look.
        await ShootAsync("killed", nodes[0], async console =>
        {
            await Expect(console.NodeIn("node-3", "live")).ToBeVisibleAsync(Long);
            await console.HasReportedAsync("node-3");
            nodes[2].Process.Pause();
            await Expect(console.NodeIn("node-3", "silent")).ToBeVisibleAsync(Long);
        }, after: nodes[2].Process.Resume);
    }

    [Fact]
    public async Task Degraded()
    {
        await using var scope = await redis.CreateScopeAsync();
        await using var proxy = FaultProxy.Start(scope.ConnectionString.Split(',')[0]);
        await using var node = await RunningNode.StartAsync(new NodeOptions().WithRedis(proxy.EndPoint, scope.Prefix).With(
            ("Fanout:Node:Name", "node-1"), ("Fanout:Health:ProbeInterval", "00:00:00.2"), ("Fanout:Health:ProbeTimeout", "00:00:00.5"), ("Fanout:Redis:CommandTimeout", "00:00:01")));
        await using var other = await StartAsync(scope, "node-2");
        await using var client = await node.JoinAsync("chat");
        await ShootAsync("degraded", node, async console =>
        {
            await Expect(console.NodeIn("node-1", "live")).ToBeVisibleAsync(Long);
            await Expect(console.NodeIn("node-2", "live")).ToBeVisibleAsync(Long);
            await console.HasReportedAsync("node-1");
            await console.HasReportedAsync("node-2");
            proxy.RefuseNew();
            proxy.Cut();
            await Expect(console.NodeIn("node-1", "degraded")).ToBeVisibleAsync(Long);
            await Expect(console.NodeIn("node-2", "unheard")).ToBeVisibleAsync(Long);
        }, after: proxy.Heal);
    }

    [Fact]
    public async Task TenThousandRooms()
    {
        const int Rooms = 10_000;
        await using var node = await RunningNode.StartAsync(new NodeOptions().With(
            ("Fanout:Node:Name", "node-1"), ("Fanout:Limits:MaxRoomsPerConnection", "0"), ("Fanout:Limits:MessagesPerSecond", "0")));
        await using var client = await node.ConnectAsync();
        foreach (var some in Enumerable.Range(0, Rooms).Chunk(500))
            await Task.WhenAll(some.Select(i => client.JoinAsync(string.Create(CultureInfo.InvariantCulture, $"game.{i:00000}"))));
        using var over = new CancellationTokenSource();
        var speaking = SpeakAsync(client, over.Token);
        await ShootAsync("10000-rooms", node, async console =>
        {
            await Expect(console.Page.GetByTestId("rooms")).ToHaveTextAsync("10,000", new() { Timeout = 60_000 });
            await Expect(console.Page.GetByTestId("top-room").Nth(9)).ToBeVisibleAsync(Long);
        });
        await ShootAsync("10000-rooms-search", node, async console =>
        {
            await FindAsync(console, "game.00");
            await Expect(console.Page.GetByTestId("result").Nth(19)).ToBeVisibleAsync(Long);
        });
        await over.CancelAsync();
        await speaking;
    }

    private static async Task SpeakAsync(TestClient client, CancellationToken over)
    {
        // Each room about once, and some again and again.
        for (var i = 0; !over.IsCancellationRequested; i++)
        {
            await client.PublishWithoutAckAsync(string.Create(CultureInfo.InvariantCulture, $"game.{i % 10_000:00000}"), i);
            await client.PublishWithoutAckAsync(string.Create(CultureInfo.InvariantCulture, $"game.{i % 17 * 531:00000}"), i);
            await Task.Delay(TimeSpan.FromMilliseconds(4), TimeProvider.System, CancellationToken.None);
        }
    }

    private static async Task FindAsync(ConsolePage console, string what)
    {
        await Expect(console.Link).ToHaveTextAsync("Live", new() { Timeout = 60_000 });
        await console.Page.Keyboard.PressAsync("Control+k");
        await console.Page.Locator("input[type=search]").FillAsync(what);
        await console.Page.Keyboard.PressAsync("Enter");
        // Until the answers are there the busiest rooms stand in the same place.
        await Expect(console.Page.GetByRole(AriaRole.Dialog).GetByRole(AriaRole.Status)).ToContainTextAsync($"for {what}.", new() { Timeout = 60_000 });
    }

    private async Task ShootAsync(string name, RunningNode node, Func<ConsolePage, Task> reach, string? key = NodeOptions.ApiKey, Action? after = null)
    {
        foreach (var (width, scheme) in Folder is null ? [Looks[_shots++ % 2]] : Looks)
        {
            await using var console = await ConsolePage.OpenAsync(browser, node, key, new()
            {
                ColorScheme = scheme,
                ViewportSize = new() { Width = width, Height = width > 1000 ? 900 : 844 },
                ReducedMotion = ReducedMotion.Reduce,
                DeviceScaleFactor = Folder is not null && width < 1000 ? 2 : 1,
            });
            await reach(console);
            await console.AccessibleAsync($"{name} at {width}, {scheme}");
            if (Folder is not null)
            {
                // The bar stays at the top of what is seen: a whole page is taken from its top.
                await console.Page.EvaluateAsync("scrollTo(0, 0)");
                var isDialog = await console.Page.GetByRole(AriaRole.Dialog).CountAsync() > 0;
                await console.Page.ScreenshotAsync(new()
                {
                    Path = Path.Combine(Folder, $"{name}-{width}-{scheme.ToString().ToLowerInvariant()}.png"),
                    FullPage = !isDialog,
                });
            }

            after?.Invoke();
        }
    }

    private static Task<RunningNode> StartAsync(RedisScope scope, string name) => RunningNode.StartAsync(new NodeOptions().WithRedis(scope.ConnectionString, scope.Prefix).With(
        ("Fanout:Node:Name", name), ("Fanout:Limits:MessagesPerSecond", "0"), ("Fanout:Lease:Expire", "00:02:00")));
}
