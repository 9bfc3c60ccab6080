using Fanout.Tests.Browser.Support;
using Fanout.Tests.Integration.Support;
using Fanout.Tests.TestKit.Nodes;
using Microsoft.Playwright;
using Xunit;

namespace Fanout.Tests.Browser.Console;

/// <summary>The console in a browser; whatever it writes to the browser's own console counts as a fault when the page is closed.</summary>
internal sealed class ConsolePage : IAsyncDisposable
{
    private readonly List<string> _faults = [];

    private ConsolePage(IPage page) => Page = page;

    public IPage Page { get; }

    public ILocator Headline => Page.GetByTestId("headline");

    public static async Task<ConsolePage> OpenAsync(BrowserFixture browser, RunningNode node, string? key = NodeOptions.ApiKey, BrowserNewContextOptions? options = null)
    {
        var console = new ConsolePage(await browser.NewPageAsync(options));
        var page = console.Page;
        page.PageError += (_, error) => console.Note(error);
        // A refused call shows there too; that is the node's answer and not the page's fault.
        page.Console += (_, message) =>
        {
            if (message.Type is "error" or "warning" && !message.Text.StartsWith("Failed to load resource", StringComparison.Ordinal))
                console.Note(message.Text);
        };
        await page.GotoAsync(new Uri(node.Process.AdminUri, "/console").ToString());
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
