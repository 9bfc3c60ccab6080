using Fanout.Tests.Browser.Support;
using Fanout.Tests.Integration.Support;
using Xunit;

namespace Fanout.Tests.Browser;

/// <summary>The browser itself, and that it reaches a node.</summary>
public sealed class BrowserTests(BrowserFixture browser)
{
    [Fact]
    public async Task Page_OfAnotherOrigin_ReachesANodeBySocket()
    {
        await using var server = await PageServer.StartAsync();
        await using var node = await RunningNode.StartAsync(new TestKit.Nodes.NodeOptions().With(("Fanout:Auth:AllowedOrigins:0", server.Origin)));
        var page = await browser.NewPageAsync();
        await page.GotoAsync(server.Url);

        var first = await page.EvaluateAsync<string>(
            "url => new Promise((ok, no) => { const s = new WebSocket(url); s.onmessage = e => ok(JSON.parse(e.data).type); s.onerror = no; })",
            new UriBuilder(node.BaseUri) { Scheme = "ws", Path = "/ws" }.Uri.ToString());

        Assert.Equal("connected", first);
        await page.Context.CloseAsync();
    }
}
