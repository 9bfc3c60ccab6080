using System.Text.Json.Nodes;
using Fanout.Tests.Cli.Support;
using Xunit;

namespace Fanout.Tests.Cli.Commands;

/// <summary>The commands that look: rooms, members, history, users, nodes.</summary>
[Collection(Installation.Name)]
public sealed class LookTests(Installation fanout)
{
    [Fact]
    public async Task Rooms_ListsThoseOfThePrefix_AndPagesThrough()
    {
        await using var member = await fanout.ConnectAsync("ann", "look.a,look.b,look.c,other.d");
        foreach (var room in new[] { "look.a", "look.b", "look.c", "other.d" })
            await member.ExpectTypeAsync("joined", room);

        var all = (await fanout.RunAsync("rooms", "--prefix", "look.", "--all", "--limit", "1")).Expect(0);
        Assert.Equal([["look.a", "1"], ["look.b", "1"], ["look.c", "1"]], all.Values.OrderBy(values => values[0], StringComparer.Ordinal));

        var pages = new List<string>();
        string? next = null;
        do
        {
            string[] after = next is null ? [] : ["--after", next];
            var page = (await fanout.RunAsync(["rooms", "--prefix", "look.", "--limit", "1", "--json", .. after])).Expect(0);
            pages.AddRange(((JsonArray)page.Json["items"]!).Select(item => (string)item!["room"]!));
            next = (string?)page.Json["next"];
        }
        while (next is not null);
        Assert.Equal(["look.a", "look.b", "look.c"], pages.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Rooms_WithAName_ShowsTheRoom()
    {
        await using var member = await fanout.ConnectAsync("ann", "look.one");
        await member.ExpectTypeAsync("joined", "look.one");
        (await fanout.RunAsync("pub", "look.one", "1")).Expect(0);

        var values = (await fanout.RunAsync("rooms", "look.one")).Expect(0).Values.ToDictionary(line => line[0], line => line[1]);

        Assert.Equal(("look.one", "1", "1", "1"), (values["room"], values["members"], values["users"], values["offset"]));
        Assert.Equal(32, values["epoch"].Length);
    }

    [Fact]
    public async Task Members_ShowsWhoIsThere_WithInfo()
    {
        await using var ann = await fanout.ConnectAsync("ann", "lobby.look");
        await ann.ExpectTypeAsync("joined", "lobby.look");

        var values = Assert.Single((await fanout.RunAsync("members", "lobby.look")).Expect(0).Values);

        Assert.Equal([ann.ClientId, "ann", """{"name":"ann"}"""], values);
        Assert.Equal("ann", (string?)(await fanout.RunAsync("members", "lobby.look", "--json")).Expect(0).Json["items"]![0]!["userId"]);
    }

    [Fact]
    public async Task History_PagesThrough_AndShowsTheNewest()
    {
        (await fanout.RunAsync("pub", "look.history", """{"x":"a\tb"}""", "--count", "7")).Expect(0);

        var all = (await fanout.RunAsync("history", "look.history", "--all", "--limit", "3")).Expect(0);
        var last = (await fanout.RunAsync("history", "look.history", "--last", "2", "--json")).Expect(0);
        var epoch = (string)last.Json["epoch"]!;
        var behind = (await fanout.RunAsync("history", "look.history", "--after", epoch + ";5")).Expect(0);

        Assert.Equal(["1", "2", "3", "4", "5", "6", "7"], all.Values.Select(values => values[0]));
        Assert.All(all.Values, values => Assert.Equal("""{"x":"a\tb"}""", values[4]));
        Assert.Equal([6, 7], ((JsonArray)last.Json["items"]!).Select(item => (int)item!["offset"]!));
        Assert.Equal(["6", "7"], behind.Values.Select(values => values[0]));
    }

    [Fact]
    public async Task History_OfARoomThatKeepsNone_IsEmpty()
    {
        (await fanout.RunAsync("pub", "plain.look", "1")).Expect(0);

        Assert.Empty((await fanout.RunAsync("history", "plain.look", "--last", "5")).Expect(0).Output);
    }

    [Fact]
    public async Task Users_SaysWhetherSomebodyIsThere_AndWhere()
    {
        await using (var ann = await fanout.ConnectAsync("look-ann"))
        {
            await ann.ExpectTypeAsync("joined");

            var there = (await fanout.RunAsync("users", "look-ann", "--json")).Expect(0);
            var connection = Assert.Single((JsonArray)there.Json["connections"]!)!;
            Assert.Equal((true, ann.ClientId, "second"), ((bool)there.Json["online"]!, (string?)connection["clientId"], (string?)connection["node"]));
            Assert.Contains(ann.ClientId, (await fanout.RunAsync("users", "look-ann")).Expect(0).Output, StringComparison.Ordinal);
        }

        var nobody = (await fanout.RunAsync("users", "look nobody/ü")).Expect(0);
        Assert.Equal([["user", "look nobody/ü"], ["online", "false"]], nobody.Values);
    }

    [Fact]
    public async Task Nodes_ShowsAll()
    {
        var values = (await fanout.RunAsync("nodes")).Expect(0).Values;

        Assert.Equal(["first", "second"], values.Select(line => line[0]));
        Assert.All(values, line => Assert.Equal("healthy", line[1]));
        Assert.Equal(2, ((JsonArray)(await fanout.RunAsync("nodes", "--output", "json")).Expect(0).Json["items"]!).Count);
    }

    [Fact]
    public async Task NodesWatch_Piped_GoesOn_UntilItsReaderIsGone()
    {
        await using var shell = fanout.Tool().StartShell("set -o pipefail; fanout nodes --watch --interval 100ms --json | head -n 3");

        var result = (await shell.WaitAsync()).Expect(0);

        Assert.Equal(3, result.Lines.Length);
        Assert.All(result.Lines, line => Assert.Equal(2, ((JsonArray)JsonNode.Parse(line)!["items"]!).Count));
    }

    // `script` gives the tool a terminal: the view is drawn and ends by Ctrl+C.
    [Fact]
    public async Task NodesWatch_OnATerminal_DrawsATable_AndEndsByCtrlC()
    {
        await using var shell = fanout.Tool().With("TERM", "xterm-256color").StartShell(
            $"script -qec 'trap : INT; stty cols 120 rows 30; {FanoutTool.ShellWords} nodes --watch --interval 200ms; echo ended with $?' /dev/null");
        await shell.WaitForOutputAsync("second");
        await shell.WriteAsync("\u0003");

        await shell.WaitForOutputAsync("ended with 130");
        shell.CloseInput();
        var output = (await shell.WaitAsync()).Output;

        Assert.Contains("CONNECTIONS", output, StringComparison.Ordinal);
        Assert.Contains("2 nodes", output, StringComparison.Ordinal);
        // Drawn over again, not one below the other, and the cursor is given back.
        Assert.Contains("\u001b[?25l", output, StringComparison.Ordinal);
        Assert.Contains("\u001b[?25h", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Names_ThatHoldEscapeSequences_AreShownHarmless()
    {
        var result = (await fanout.RunAsync("users", "\u001b[2Jann")).Expect(0);

        Assert.Contains("\\u001b[2Jann", result.Output, StringComparison.Ordinal);
    }
}
