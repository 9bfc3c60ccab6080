using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.RegularExpressions;
using Fanout.Tests.Cli.Support;
using Fanout.Tests.TestKit.Nodes;
using Fanout.Tests.TestKit.Redis;
using Xunit;

namespace Fanout.Tests.Cli.Commands;

/// <summary>What is the same for all commands: who answers, keys, usage, help.</summary>
[Collection(Installation.Name)]
public sealed class EveryCommandTests(Installation fanout)
{
    public static TheoryData<string> Calls => ["nodes", "rooms", "rooms x", "members x", "history x", "users x", "pub x 1", "disconnect x", "sub x", "bench"];

    [Theory]
    [MemberData(nameof(Calls))]
    public async Task Node_ThatIsDown_Is4(string call)
    {
        var result = (await fanout.Tool().With("FANOUT_URL", "http://127.0.0.1:1").RunAsync([.. call.Split(' '), "--json"])).Expect(4);

        Assert.Equal(("unreachable", 4), ((string?)result.JsonError["code"], (int)result.JsonError["exitCode"]!));
        Assert.Contains("refused", (string?)result.JsonError["message"], StringComparison.Ordinal);
        Assert.Contains("--url", (string?)result.JsonError["hint"], StringComparison.Ordinal);
        Assert.Empty(result.Output);
    }

    [Theory]
    [InlineData("nodes")]
    [InlineData("sub x")]
    public async Task Node_ThatDoesNotAnswer_Is4_AfterTheTimeout(string call)
    {
        var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();

        var result = (await fanout.Tool().With("FANOUT_URL", $"http://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}").RunAsync([.. call.Split(' '), "--timeout", "1s"])).Expect(4);

        Assert.Contains("did not answer within 1 s", result.Error, StringComparison.Ordinal);
        listener.Stop();
    }

    [Fact]
    public async Task Host_ThatIsNotKnown_Is4() =>
        Assert.Contains("not known", (await fanout.Tool().With("FANOUT_URL", "http://no-such-host.invalid").RunAsync("nodes")).Expect(4).Error, StringComparison.Ordinal);

    [Theory]
    [InlineData("text/html", "<h1>Welcome to nginx</h1>", 200)]
    [InlineData("text/html", "not here", 404)]
    [InlineData("application/json", "{\"items\":", 200)]
    public async Task Somebody_WhoIsNoNode_IsToldSo(string type, string body, int status)
    {
        var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var cancelled = TestContext.Current.CancellationToken;
        var answering = Task.Run(async () =>
        {
            using var client = await listener.AcceptTcpClientAsync(cancelled);
            var stream = client.GetStream();
            _ = await stream.ReadAsync(new byte[8192], cancelled);
            await stream.WriteAsync(Encoding.ASCII.GetBytes($"HTTP/1.1 {status} Word\r\nContent-Type: {type}\r\nContent-Length: {body.Length}\r\nConnection: close\r\n\r\n{body}"), cancelled);
        }, cancelled);

        var result = (await fanout.Tool().With("FANOUT_URL", $"http://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}").RunAsync("nodes", "--json")).Expect(1);

        Assert.Equal("not_fanout", (string?)result.JsonError["code"]);
        await answering;
        listener.Stop();
    }

    [Theory]
    [InlineData(null)]
    [InlineData("wrong-secret")]
    public async Task ApiKey_ThatIsMissingOrWrong_Is3_AndNeverRepeated(string? key)
    {
        var result = (await fanout.Tool().With("FANOUT_API_KEY", key).RunAsync("nodes", "--json")).Expect(3);

        Assert.Equal(("unauthorized", 401), ((string?)result.JsonError["code"], (int)result.JsonError["status"]!));
        Assert.DoesNotContain("wrong-secret", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ApiKey_OfAnArgument_WinsOverTheEnvironment() =>
        (await fanout.Tool().With("FANOUT_API_KEY", "wrong").RunAsync("nodes", "--api-key", NodeOptions.ApiKey)).Expect(0);

    // Inside of a node's container its own settings serve.
    [Fact]
    public async Task ApiKey_AndPort_OfANodesEnvironment_AreTaken() =>
        (await new FanoutTool()
            .With("Fanout__Api__Keys__0__Key", NodeOptions.ApiKey)
            .With("ASPNETCORE_HTTP_PORTS", fanout.First.BaseUri.Port.ToString(System.Globalization.CultureInfo.InvariantCulture))
            .RunAsync("nodes")).Expect(0);

    [Fact]
    public async Task Redis_ThatIsAway_Is5()
    {
        await using var redis = await OwnRedis.StartAsync();
        await using var node = await NodeProcess.StartAsync(Installation.Options("lonely").WithRedis(redis.ConnectionString));
        await redis.StopAsync();
        var tool = fanout.Tool().With("FANOUT_URL", node.BaseUri.AbsoluteUri);

        var result = (await tool.RunAsync("pub", "x", "1", "--json")).Expect(5);

        Assert.Contains((string?)result.JsonError["code"], new[] { "backplane_unavailable", "timeout" });
        (await tool.RunAsync("rooms")).Expect(5);
    }

    [Theory]
    [InlineData("There is no command 'nodez'", "nodez")]
    [InlineData("There is no option '--apikey'", "nodes", "--apikey", "sekret-value")]
    [InlineData("There is no option '--api-kye'", "nodes", "--api-kye=sekret-value")]
    [InlineData("one argument too many", "nodes", "extra")]
    [InlineData("No command was given")]
    [InlineData("no duration", "nodes", "--timeout", "soon")]
    [InlineData("table", "nodes", "--output", "xml")]
    [InlineData("The URL", "nodes", "--url", "ftp://sekret-value@host")]
    [InlineData("The URL's scheme", "nodes", "--url", "ftp://host")]
    public async Task CommandLines_ThatMakeNoSense_Are2_AndRepeatNoSecret(string words, params string[] arguments)
    {
        var result = (await fanout.RunAsync(arguments)).Expect(2);

        Assert.Contains(words, result.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("sekret-value", result.Error + result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task CommandLines_ThatMakeNoSense_AreJsonWhereItWasAsked() =>
        Assert.Equal("usage", (string?)(await fanout.RunAsync("nodes", "extra", "--json")).Expect(2).JsonError["code"]);

    [Theory]
    [InlineData("pub")]
    [InlineData("sub")]
    [InlineData("rooms")]
    [InlineData("members")]
    [InlineData("history")]
    [InlineData("users")]
    [InlineData("nodes")]
    [InlineData("disconnect")]
    [InlineData("token")]
    [InlineData("doctor")]
    [InlineData("bench")]
    [InlineData("completion")]
    public async Task Help_OfEachCommand_HasExamples(string command)
    {
        var result = (await new FanoutTool().RunAsync(command, "--help")).Expect(0);

        Assert.Contains("Examples:", result.Output, StringComparison.Ordinal);
        Assert.Contains("fanout " + command, result.Output, StringComparison.Ordinal);
        Assert.Empty(result.Error);
    }

    [Fact]
    public async Task Version_AndCompletions_AreAnswered()
    {
        Assert.Matches(@"^\d+\.\d+\.\d+\n$", (await new FanoutTool().RunAsync("--version")).Expect(0).Output);
        Assert.Contains("nodes", (await new FanoutTool().RunAsync("[suggest:10]", "fanout nod")).Expect(0).Lines);
        Assert.Contains("complete -o default -F _fanout fanout", (await new FanoutTool().RunAsync("completion", "bash")).Expect(0).Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Output_ToAFile_IsAppended_NotWrittenOver()
    {
        var file = Path.GetTempFileName();
        await using var shell = fanout.Tool().StartShell($"exec > '{file}'; echo before; fanout nodes; fanout nodes; echo after");

        (await shell.WaitAsync()).Expect(0);

        var lines = await File.ReadAllLinesAsync(file, TestContext.Current.CancellationToken);
        Assert.Equal(["before", "first", "second", "first", "second", "after"], lines.Select(line => line.Split('\t')[0]));
        File.Delete(file);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Terminal_GetsColours_UnlessNoColor(bool noColor)
    {
        await using var shell = fanout.Tool().With("TERM", "xterm-256color").With("NO_COLOR", noColor ? "1" : null)
            .StartShell($"script -qec 'stty cols 120; {FanoutTool.ShellWords} nodes; {FanoutTool.ShellWords} rooms --url http://127.0.0.1:1' /dev/null");
        shell.CloseInput();

        var output = (await shell.WaitAsync()).Output;

        Assert.Contains("CONNECTIONS", output, StringComparison.Ordinal);
        // Colours and weights; how .NET itself sets up a terminal is not ours to say.
        Assert.Equal(!noColor, Regex.IsMatch(output, "\u001b\\[[0-9;]*m"));
    }
}
