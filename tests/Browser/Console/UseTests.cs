using Fanout.Tests.Browser.Support;
using Fanout.Tests.Integration.Support;
using Fanout.Tests.TestKit;
using Fanout.Tests.TestKit.Clients;
using Fanout.Tests.TestKit.Nodes;
using Microsoft.Playwright;
using Xunit;
using static Microsoft.Playwright.Assertions;

namespace Fanout.Tests.Browser.Console;

/// <summary>What an operator does with the console, and what strangers cannot.</summary>
public sealed class UseTests(BrowserFixture browser) : IAsyncLifetime
{
    private const string Evil = "<img src=x onerror=\"document.title='owned'\">";
    private const string ReaderKey = "a key that only reads";

    private RunningNode _node = null!;

    public async ValueTask InitializeAsync() => _node = await RunningNode.StartAsync(new NodeOptions().With(
        ("Fanout:Node:Name", "one"), ("Fanout:Auth:Jwt:SigningKey", Tokens.SigningKey),
        ("Fanout:Api:Keys:1:Name", "reader"), ("Fanout:Api:Keys:1:Key", ReaderKey), ("Fanout:Api:Keys:1:Scopes:0", "read")));

    public ValueTask DisposeAsync() => _node.DisposeAsync();

    [Theory]
    [InlineData("a wrong key", "No node knows this key.")]
    [InlineData(ReaderKey, "does not have the scope 'admin'")]
    public async Task WrongKey_GetsInNowhere(string key, string said)
    {
        await using var console = await ConsolePage.OpenAsync(browser, _node, key);

        await Expect(console.Page.GetByRole(AriaRole.Alert)).ToContainTextAsync(said);
        await Expect(console.Page.GetByTestId("node")).ToHaveCountAsync(0);
        Assert.Equal(0, await console.Page.EvaluateAsync<int>("sessionStorage.length"));

        await console.Page.ReloadAsync();
        await Expect(console.Page.GetByLabel("API key")).ToBeVisibleAsync();
    }

    [Fact]
    public async Task SignOut_ForgetsTheKey_AndAReloadKeepsIt()
    {
        await using var console = await ConsolePage.OpenAsync(browser, _node);
        await Expect(console.NodeIn("one", "live")).ToBeVisibleAsync();
        Assert.DoesNotContain(NodeOptions.ApiKey, console.Page.Url, StringComparison.Ordinal);

        await console.Page.ReloadAsync();
        await Expect(console.NodeIn("one", "live")).ToBeVisibleAsync();

        await console.Page.GetByRole(AriaRole.Button, new() { Name = "Sign out" }).ClickAsync();
        await Expect(console.Page.GetByLabel("API key")).ToBeVisibleAsync();
        Assert.Equal(0, await console.Page.EvaluateAsync<int>("sessionStorage.length"));
    }

    [Fact]
    public async Task TryIt_Publishes_AndSeesWhatMembersSee()
    {
        await using var console = await ConsolePage.OpenAsync(browser, _node);
        await using var member = await _node.JoinAsync("playground");
        await console.Page.GetByRole(AriaRole.Button, new() { Name = "Join", Exact = true }).ClickAsync();
        await Expect(console.Page.GetByTestId("try-state")).ToContainTextAsync("In playground with 2 members");

        await console.Page.GetByLabel("Payload, as JSON").FillAsync("""{"round": "trip"}""");
        await console.Page.GetByRole(AriaRole.Button, new() { Name = "Publish" }).ClickAsync();

        await Expect(console.Page.GetByText("Published as #1")).ToBeVisibleAsync();
        await Expect(console.Page.GetByTestId("try-messages")).ToContainTextAsync("""{"round":"trip"}""");
        Assert.Equal("trip", (await member.ExpectTypeAsync("message", "playground")).Payload().Text("round"));

        await member.PublishAsync("playground", "from a member");
        await Expect(console.Page.GetByTestId("try-messages")).ToContainTextAsync("from a member");

        await console.Page.GetByLabel("Payload, as JSON").FillAsync("no json");
        await console.Page.GetByRole(AriaRole.Button, new() { Name = "Publish" }).ClickAsync();
        await Expect(console.Page.GetByRole(AriaRole.Alert)).ToContainTextAsync("This is no JSON");
    }

    [Fact]
    public async Task Search_ByKeyboard_FindsARoomItsMembersAndHistory_AndDisconnects()
    {
        await using var client = await _node.ConnectAsync(new TestClientOptions { Token = Tokens.For("ann", new { join = new[] { "*" }, publish = new[] { "*" } }) });
        await client.JoinAsync("lobby.42");
        await client.PublishAsync("lobby.42", "kept");
        await using var console = await ConsolePage.OpenAsync(browser, _node);
        await Expect(console.NodeIn("one", "live")).ToBeVisibleAsync();
        var page = console.Page;

        await page.Keyboard.PressAsync("/");
        await Expect(page.Locator("input[type=search]")).ToBeFocusedAsync();
        await page.Keyboard.TypeAsync("lobby");
        await page.Keyboard.PressAsync("Enter");
        await Expect(page.GetByRole(AriaRole.Dialog).GetByRole(AriaRole.Status)).ToHaveTextAsync("1 result for lobby.");
        await console.AccessibleAsync("results");
        await page.GetByTestId("result").Filter(new() { HasText = "lobby.42" }).PressAsync("Enter");
        await Expect(page.GetByTestId("room-members")).ToHaveTextAsync("1");
        await Expect(page.GetByTestId("room-offset")).ToHaveTextAsync("1");
        await page.GetByRole(AriaRole.Dialog).GetByRole(AriaRole.Button, new() { Name = "History", Exact = true }).PressAsync("Enter");
        await Expect(page.GetByTestId("history")).ToContainTextAsync("kept");
        await console.AccessibleAsync("a history");
        await page.GetByRole(AriaRole.Dialog).GetByRole(AriaRole.Button, new() { Name = "Members", Exact = true }).PressAsync("Enter");
        await page.GetByTestId("members").GetByRole(AriaRole.Button).PressAsync("Enter");
        await page.GetByRole(AriaRole.Button, new() { Name = "ann", Exact = true }).PressAsync("Enter");
        await Expect(page.GetByTestId("user-state")).ToHaveTextAsync("online");
        await console.AccessibleAsync("a user");

        await page.GetByRole(AriaRole.Button, new() { Name = "Disconnect this user…" }).PressAsync("Enter");
        await console.AccessibleAsync("a question");
        await page.GetByRole(AriaRole.Alertdialog).GetByRole(AriaRole.Button, new() { Name = "Disconnect", Exact = true }).PressAsync("Enter");
        await Expect(page.GetByText("1 connection closed.")).ToBeVisibleAsync();
        Assert.Equal(4503, (int?)(await client.WaitForCloseAsync()).Code);
    }

    [Fact]
    public async Task Connection_IsFoundByItsId_WithItsRooms_AndDisconnected()
    {
        await using var client = await _node.ConnectAsync();
        await client.JoinAsync("lobby.42");
        await using var console = await ConsolePage.OpenAsync(browser, _node);
        await Expect(console.NodeIn("one", "live")).ToBeVisibleAsync();
        var page = console.Page;

        await page.Keyboard.PressAsync("Control+k");
        await page.Keyboard.TypeAsync(client.ClientId);
        await page.Keyboard.PressAsync("Enter");
        await page.GetByTestId("result").Filter(new() { HasText = client.ClientId }).ClickAsync();
        await Expect(page.GetByTestId("connection-rooms")).ToHaveTextAsync("lobby.42");
        await console.AccessibleAsync("a connection");
        await page.GetByTestId("connection-rooms").GetByRole(AriaRole.Button).ClickAsync();
        await Expect(page.GetByTestId("room-members")).ToHaveTextAsync("1");
        await page.GetByRole(AriaRole.Button, new() { Name = "Back" }).ClickAsync();

        await page.GetByRole(AriaRole.Button, new() { Name = "Disconnect…" }).ClickAsync();
        await page.GetByRole(AriaRole.Alertdialog).GetByRole(AriaRole.Button, new() { Name = "Disconnect", Exact = true }).ClickAsync();
        await Expect(page.GetByText("The connection was closed.")).ToBeVisibleAsync();
        Assert.Equal(4503, (int?)(await client.WaitForCloseAsync()).Code);
        await page.GetByRole(AriaRole.Alertdialog).GetByRole(AriaRole.Button, new() { Name = "Close" }).ClickAsync();
        await Expect(page.GetByTestId("not-connected")).ToBeVisibleAsync();
    }

    // "Not at all" is what it says, also where the node's own setting would keep the user out.
    [Fact]
    public async Task DisconnectedUser_ThatIsNotToBeKeptOut_ComesBack()
    {
        await using var node = await RunningNode.StartAsync(new NodeOptions().With(
            ("Fanout:Auth:Jwt:SigningKey", Tokens.SigningKey), ("Fanout:Auth:RevokeFor", "01:00:00")));
        await using var ann = await node.ConnectAsync(new TestClientOptions { Token = Tokens.For("ann") });
        await using var console = await ConsolePage.OpenAsync(browser, node);
        await Expect(console.Link).ToHaveTextAsync("Live");
        var page = console.Page;
        await page.Keyboard.PressAsync("Control+k");
        await page.Keyboard.TypeAsync("ann");
        await page.Keyboard.PressAsync("Enter");
        await page.GetByTestId("result").Filter(new() { HasText = "ann" }).First.ClickAsync();

        await page.GetByRole(AriaRole.Button, new() { Name = "Disconnect this user…" }).ClickAsync();
        await page.GetByRole(AriaRole.Alertdialog).GetByRole(AriaRole.Button, new() { Name = "Disconnect", Exact = true }).ClickAsync();
        await Expect(page.GetByText("1 connection closed.")).ToBeVisibleAsync();
        Assert.Equal(4503, (int?)(await ann.WaitForCloseAsync()).Code);

        await using var again = await node.ConnectAsync(new TestClientOptions { Token = Tokens.For("ann") });
        await again.PingAsync();
    }

    [Fact]
    public async Task MembersAndHistory_GoOnPageByPage()
    {
        var members = await Task.WhenAll(Enumerable.Range(0, 60).Select(_ => _node.JoinAsync("full.house")));
        for (var i = 1; i <= 40; i++)
            await members[0].PublishAsync("full.house", $"message {i}");
        await using var console = await ConsolePage.OpenAsync(browser, _node);
        await Expect(console.NodeIn("one", "live")).ToBeVisibleAsync();
        var page = console.Page;
        await console.Page.GetByRole(AriaRole.Button, new() { Name = "Largest" }).ClickAsync();
        await page.GetByTestId("top-room").Filter(new() { HasText = "full.house" }).ClickAsync();

        await Expect(page.GetByTestId("members").GetByRole(AriaRole.Listitem)).ToHaveCountAsync(50);
        await page.GetByRole(AriaRole.Button, new() { Name = "More members" }).ClickAsync();
        await Expect(page.GetByTestId("members").GetByRole(AriaRole.Listitem)).ToHaveCountAsync(60);
        await page.GetByRole(AriaRole.Dialog).GetByRole(AriaRole.Button, new() { Name = "History", Exact = true }).ClickAsync();
        await Expect(page.GetByTestId("history").GetByRole(AriaRole.Listitem)).ToHaveCountAsync(25);
        await page.GetByRole(AriaRole.Button, new() { Name = "Older messages" }).ClickAsync();
        await Expect(page.GetByTestId("history").GetByRole(AriaRole.Listitem)).ToHaveCountAsync(40);
        await Expect(page.GetByTestId("history").GetByRole(AriaRole.Listitem).Last).ToContainTextAsync("message 1");
        foreach (var member in members)
            await member.DisposeAsync();
    }

    [Fact]
    public async Task TryIt_LeavesAgain_CountsMembers_AndKeepsNumbers()
    {
        await using var console = await ConsolePage.OpenAsync(browser, _node);
        var page = console.Page;
        await Expect(console.Link).ToHaveTextAsync("Live");
        await page.GetByLabel("Room", new() { Exact = true }).FillAsync("$ops");
        await page.GetByRole(AriaRole.Button, new() { Name = "Join", Exact = true }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Alert)).ToContainTextAsync("in that room already");
        await page.GetByLabel("Room", new() { Exact = true }).FillAsync("no room");
        await page.GetByRole(AriaRole.Button, new() { Name = "Join", Exact = true }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Alert)).ToContainTextAsync("is no room name");

        await page.GetByLabel("Room", new() { Exact = true }).FillAsync("numbers");
        await page.GetByRole(AriaRole.Button, new() { Name = "Join", Exact = true }).ClickAsync();
        await Expect(page.GetByTestId("try-state")).ToContainTextAsync("In numbers with 1 member");
        await using var member = await _node.JoinAsync("numbers");
        await Expect(page.GetByTestId("try-state")).ToContainTextAsync("In numbers with 2 members");
        await page.GetByLabel("Payload, as JSON").FillAsync("{\"id\": 9007199254740993}");
        await page.GetByRole(AriaRole.Button, new() { Name = "Publish" }).ClickAsync();
        Assert.Equal("{\"id\":9007199254740993}", (await member.ExpectTypeAsync("message", "numbers")).Payload().ToJsonString());
        await Expect(page.GetByTestId("try-messages")).ToContainTextAsync("rounds whole numbers");

        await page.GetByRole(AriaRole.Button, new() { Name = "Leave", Exact = true }).ClickAsync();
        await Expect(page.GetByTestId("try-state")).ToHaveTextAsync("Not in a room");
        await Eventually.TrueAsync(async () => (await _node.Api.RoomAsync("numbers")).Ok["members"]!.GetValue<int>() == 1, "the page to have left");
    }

    // WCAG 2.1.4: a shortcut of one character can be switched off.
    [Fact]
    public async Task Slash_ThatIsSwitchedOff_OpensNothing()
    {
        await using var console = await ConsolePage.OpenAsync(browser, _node);
        var page = console.Page;
        await Expect(console.Link).ToHaveTextAsync("Live");
        await page.Keyboard.PressAsync("/");
        await page.GetByRole(AriaRole.Checkbox).UncheckAsync();
        await page.Keyboard.PressAsync("Escape");
        await Expect(page.GetByRole(AriaRole.Dialog)).ToHaveCountAsync(0);

        await page.Keyboard.PressAsync("/");
        await Expect(page.GetByRole(AriaRole.Dialog)).ToHaveCountAsync(0);
        await page.ReloadAsync();
        await Expect(console.Link).ToHaveTextAsync("Live");
        await page.Keyboard.PressAsync("/");
        await Expect(page.GetByRole(AriaRole.Dialog)).ToHaveCountAsync(0);
        await page.Keyboard.PressAsync("Control+k");
        await Expect(page.GetByRole(AriaRole.Dialog)).ToBeVisibleAsync();
    }

    [Fact]
    public async Task PageWithASlash_IsThePage()
    {
        await using var console = await ConsolePage.OpenAsync(browser, _node);
        await Expect(console.Link).ToHaveTextAsync("Live");
        await console.Page.GotoAsync(new Uri(_node.Process.AdminUri, "/console/").ToString());

        await Expect(console.Link).ToHaveTextAsync("Live");
    }

    [Fact]
    public async Task HostileNamesAndPayloads_AreTextAndNothingElse()
    {
        await using var client = await _node.ConnectAsync(new TestClientOptions { Token = Tokens.For(Evil, new { join = new[] { "*" }, publish = new[] { "*" } }) });
        await client.JoinAsync("evil");
        await client.PublishAsync("evil", Evil);
        await using var console = await ConsolePage.OpenAsync(browser, _node);
        await Expect(console.NodeIn("one", "live")).ToBeVisibleAsync();
        var page = console.Page;
        var title = await page.TitleAsync();

        await page.Keyboard.PressAsync("/");
        await Expect(page.Locator("input[type=search]")).ToBeFocusedAsync();
        await page.Keyboard.TypeAsync(Evil);
        await page.Keyboard.PressAsync("Enter");
        await Expect(page.GetByTestId("result").First).ToContainTextAsync(Evil);
        await page.Locator("input[type=search]").FillAsync("evil");
        await page.Keyboard.PressAsync("Enter");
        await page.GetByTestId("result").Filter(new() { HasText = "evil" }).Last.ClickAsync();
        await Expect(page.GetByTestId("members")).ToContainTextAsync(Evil);
        await page.GetByRole(AriaRole.Dialog).GetByRole(AriaRole.Button, new() { Name = "History", Exact = true }).ClickAsync();
        await Expect(page.GetByTestId("history")).ToContainTextAsync("onerror");

        Assert.Equal(0, await page.Locator("img").CountAsync());
        Assert.Equal(title, await page.TitleAsync());
    }

    [Theory]
    [InlineData(ColorScheme.Light, 1440)]
    [InlineData(ColorScheme.Dark, 1440)]
    [InlineData(ColorScheme.Light, 390)]
    [InlineData(ColorScheme.Dark, 390)]
    public async Task Page_HasNoSeriousFaultForWhoCannotSeeIt_AndFits(ColorScheme scheme, int width)
    {
        await using var traffic = await Traffic.StartAsync("a.room.with.a.name.that.is.as.long.as.names.of.rooms.may.be." + new string('x', 60), _node);
        await using var console = await ConsolePage.OpenAsync(browser, _node, key: null, new() { ColorScheme = scheme, ViewportSize = new() { Width = width, Height = 844 }, ReducedMotion = ReducedMotion.Reduce });
        await console.AccessibleAsync("the sign-in");
        await console.SignInAsync(NodeOptions.ApiKey);
        await Expect(console.NodeIn("one", "live")).ToBeVisibleAsync();
        await Expect(console.Page.GetByTestId("top-room").First).ToBeVisibleAsync();
        await console.AccessibleAsync("the overview");

        await console.Page.GetByTestId("top-room").First.ClickAsync();
        await Expect(console.Page.GetByTestId("room-members")).ToBeVisibleAsync();
        await console.AccessibleAsync("a room");
        await console.Page.GetByRole(AriaRole.Button, new() { Name = "Close" }).ClickAsync();

        // The other colours by the switch, whatever the system has.
        await console.Page.GetByRole(AriaRole.Button, new() { Name = scheme == ColorScheme.Light ? "Dark" : "Light", Exact = true }).ClickAsync();
        await Expect(console.Page.Locator("body")).ToHaveCSSAsync("background-color", scheme == ColorScheme.Light ? "rgb(12, 13, 16)" : "rgb(247, 247, 248)");
        await console.AccessibleAsync("the overview in other colours");
    }
}
