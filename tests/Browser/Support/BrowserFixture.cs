using Fanout.Tests.TestKit;
using Microsoft.Playwright;
using Xunit;

namespace Fanout.Tests.Browser.Support;

/// <summary>A headless Chromium for the test assembly: the one that FANOUT_TEST_CHROMIUM names, else the one on the PATH.</summary>
public sealed class BrowserFixture : IAsyncLifetime
{
    private static readonly string[] Names = ["chromium", "chromium-browser", "google-chrome"];

    // The sandbox needs rights that a container does not have; what Chromium does by itself in the background only costs time.
    private static readonly string[] Arguments =
    [
        "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--disable-background-networking", "--disable-component-update",
        "--disable-background-timer-throttling", "--disable-renderer-backgrounding", "--no-proxy-server",
    ];

    private IPlaywright? _playwright;
    private IBrowser? _browser;

    public IBrowser Browser => _browser ?? throw new InvalidOperationException("The fixture is not initialized");

    public async ValueTask InitializeAsync()
    {
        // Five seconds otherwise, which a busy machine without a graphics card needs for a page.
        Assertions.SetDefaultExpectTimeout((float)Deadlines.Default.TotalMilliseconds);
        _playwright = await Playwright.CreateAsync().WithDeadline("Playwright's driver");
        _browser = await _playwright.Chromium.LaunchAsync(new BrowserTypeLaunchOptions { ExecutablePath = Find(), Args = Arguments, Headless = true })
            .WithDeadline("Chromium", TimeSpan.FromMinutes(1));
    }

    /// <summary>A page in a context of its own, which ends with the browser or by <c>page.Context.CloseAsync()</c>.</summary>
    public async Task<IPage> NewPageAsync(BrowserNewContextOptions? options = null)
    {
        var context = await Browser.NewContextAsync(options).WithDeadline("a context of the browser");
        context.SetDefaultTimeout((float)Deadlines.Default.TotalMilliseconds);
        return await context.NewPageAsync().WithDeadline("a page of the browser");
    }

    public async ValueTask DisposeAsync()
    {
        if (_browser is not null)
            await _browser.CloseAsync().WithDeadline("the end of Chromium");
        _playwright?.Dispose();
    }

    private static string Find()
    {
        if (Environment.GetEnvironmentVariable("FANOUT_TEST_CHROMIUM") is { Length: > 0 } given)
            return given;
        var folders = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries);
        return Names.SelectMany(name => folders.Select(folder => Path.Combine(folder, name))).FirstOrDefault(File.Exists)
            ?? throw new InvalidOperationException("The tests in a browser need Chromium on the PATH (Debian: apt-get install chromium), or its path in FANOUT_TEST_CHROMIUM.");
    }
}
