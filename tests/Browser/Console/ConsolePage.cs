using System.Text.RegularExpressions;
using Deque.AxeCore.Playwright;
using Fanout.Tests.Browser.Support;
using Fanout.Tests.Integration.Support;
using Fanout.Tests.TestKit.Nodes;
using Microsoft.Playwright;
using Xunit;

namespace Fanout.Tests.Browser.Console;

/// <summary>The console in a browser; whatever it writes to the browser's own console counts as a fault when the page is closed.</summary>
internal sealed class ConsolePage : IAsyncDisposable
{
    // A refused call, and a node that is gone, show there too: the node's answer, and not the page's fault.
    private static readonly string[] Expected = ["Failed to load resource", "WebSocket connection to"];

    private readonly List<string> _faults = [];

    private ConsolePage(IPage page) => Page = page;

    public IPage Page { get; }

    public ILocator Headline => Page.GetByTestId("headline");

    public static Task<ConsolePage> OpenAsync(BrowserFixture browser, RunningNode node, string? key = NodeOptions.ApiKey, BrowserNewContextOptions? options = null) =>
        OpenAsync(browser, node.Process.AdminUri, key, options);

    /// <param name="node">The node, or what stands in front of it.</param>
    /// <param name="prepare">What to do with the page before it is loaded.</param>
    public static async Task<ConsolePage> OpenAsync(BrowserFixture browser, Uri node, string? key, BrowserNewContextOptions? options = null, Func<IPage, Task>? prepare = null)
    {
        var console = new ConsolePage(await browser.NewPageAsync(options));
        var page = console.Page;
        page.PageError += (_, error) => console.Note(error);
        page.Console += (_, message) =>
        {
            if (message.Type is "error" or "warning" && !Expected.Any(expected => message.Text.Contains(expected, StringComparison.Ordinal)))
                console.Note(message.Text);
        };
        if (prepare is not null)
            await prepare(page);
        await page.GotoAsync(new Uri(node, "/console").ToString());
        if (key is not null)
            await console.SignInAsync(key);
        return console;
    }

    public async Task SignInAsync(string key)
    {
        await Page.GetByLabel("API key").FillAsync(key);
        await Page.GetByRole(AriaRole.Button, new() { Name = "Sign in" }).ClickAsync();
    }

    public ILocator Node(string name) => Page.Locator($"[data-testid=node][data-node='{name}']");

    public ILocator NodeIn(string name, string state) => Page.Locator($"[data-testid=node][data-node='{name}'][data-state='{state}']");

    /// <summary>
    /// Waits for a node's own report, of which its memory is a part. Before it a node is live because it is listed; one that dies before it has said
    /// anything is unknown, and never silent.
    /// </summary>
    public Task HasReportedAsync(string name) => Assertions.Expect(Node(name)).ToContainTextAsync(new Regex("[0-9] [MG]B"), new() { Timeout = 60_000 });

    public ILocator Link => Page.GetByTestId("link");

    /// <summary>Notes from now on each level that the headline has, however shortly.</summary>
    public Task WatchLevelsAsync() => Page.EvaluateAsync(
        """
        () => {
          const headline = document.querySelector('[data-testid=headline]');
          window.levels = [headline.dataset.level];
          new MutationObserver(() => window.levels.push(headline.dataset.level)).observe(headline, { attributes: true, attributeFilter: ['data-level'] });
        }
        """);

    public Task<string[]> LevelsAsync() => Page.EvaluateAsync<string[]>("window.levels");

    /// <summary>Notes from now on whatever is shown of a node, however shortly.</summary>
    public Task WatchNodeAsync(string name) => Page.EvaluateAsync(
        """
        name => {
          window.shown = [];
          const look = () => {
            const row = document.querySelector(`[data-testid=node][data-node='${name}']`);
            window.shown.push(row ? `${row.dataset.state}: ${row.textContent}` : 'nothing');
          };
          look();
          new MutationObserver(look).observe(document.body, { attributes: true, characterData: true, childList: true, subtree: true });
        }
        """,
        name);

    /// <returns>The node's state, a colon and the row's text, each time.</returns>
    public Task<string[]> ShownAsync() => Page.EvaluateAsync<string[]>("window.shown");

    /// <summary>The page as it is fits into its window, and axe finds nothing serious in it.</summary>
    public async Task AccessibleAsync(string what)
    {
        Assert.Equal((what, 0), (what, await OverflowAsync()));
        var found = await Page.RunAxe();
        Assert.Empty(found.Violations.Where(violation => violation.Impact is "serious" or "critical").Select(violation =>
            $"{what}: {violation.Id}: {violation.Help}: {string.Join(" | ", violation.Nodes.Select(node => node.Html))}"));
    }

    public Task<int> OverflowAsync() => Page.EvaluateAsync<int>("document.documentElement.scrollWidth - document.documentElement.clientWidth");

    public async ValueTask DisposeAsync()
    {
        await Page.Context.CloseAsync();
        lock (_faults)
            Assert.Empty(_faults);
    }

    private void Note(string fault)
    {
        lock (_faults)
            _faults.Add(fault);
    }
}
