using System.Diagnostics;
using System.Text.Json.Nodes;
using Fanout.Tests.Integration.Support;
using Fanout.Tests.TestKit;
using Fanout.Tests.TestKit.Clients;
using Fanout.Tests.TestKit.Nodes;
using Xunit;

namespace Fanout.Tests.Integration.HttpApi;

/// <summary>The API as somebody uses it at a prompt.</summary>
public sealed class CurlTests(MemoryNode memory)
{
    [Fact]
    public async Task Curl_AsTheReadmeShowsIt_Publishes()
    {
        var room = Rooms.New();
        await using var member = await memory.Node.JoinAsync(room);

        // Its default content type is that of a form.
        var answer = await CurlAsync("-d", """{"name":"curl","text":"hello"}""", Url($"rooms/{room}/messages"));

        Assert.Equal(200, answer.Status);
        Assert.Equal("hello", (await member.ExpectTypeAsync("message", room)).Payload().Text("text"));
    }

    [Fact]
    public async Task Curl_WithExpect100Continue_SendsALargeBody()
    {
        var answer = await CurlAsync("-H", "Expect: 100-continue", "-H", "Content-Type: application/json", "-d", $"\"{new string('x', 100_000)}\"", Url("users/ann/messages"));

        Assert.Equal((200, false), (answer.Status, answer.Body.Flag("online")));
    }

    [Fact]
    public async Task Curl_WithHttp2_Publishes()
    {
        // HTTP/2 without TLS needs the client's prior knowledge, and a port that speaks nothing else.
        await using var node = await RunningNode.StartAsync(new NodeOptions().With(("Kestrel:EndpointDefaults:Protocols", "Http2")) with { WaitUntilReady = false });
        var answer = await CurlAsync("--http2-prior-knowledge", "-d", """[{"room":"a","payload":1},{"user":"a/b","payload":2}]""", new Uri(node.BaseUri, "/api/v1/messages").AbsoluteUri);

        Assert.Equal(200, answer.Status);
        Assert.Equal(2, answer.Body["results"]!.AsArray().Count);
    }

    [Fact]
    public async Task Curl_WithAWrongKey_ShowsTheProblem()
    {
        var answer = await CurlAsync("-H", "X-Api-Key: nonsense", Url("nodes"));

        Assert.Equal((401, "unauthorized"), (answer.Status, answer.Body.Text("code")));
    }

    private string Url(string path) => new Uri(memory.Node.BaseUri, "/api/v1/" + path).AbsoluteUri;

    private static async Task<(int Status, JsonObject Body)> CurlAsync(params string[] arguments)
    {
        var info = new ProcessStartInfo("curl") { RedirectStandardOutput = true, UseShellExecute = false };
        string[] key = arguments.Any(argument => argument.StartsWith("X-Api-Key", StringComparison.Ordinal)) ? [] : ["-H", $"X-Api-Key: {NodeOptions.ApiKey}"];
        foreach (var argument in (string[])["-s", "--noproxy", "*", "-m", "20", "-w", "\n%{http_code}", .. key, .. arguments])
            info.ArgumentList.Add(argument);
        using var curl = Process.Start(info)!;
        var output = await curl.StandardOutput.ReadToEndAsync().WithDeadline("curl");
        await curl.WaitForExitAsync().WithDeadline("the end of curl");
        var end = output.LastIndexOf('\n');
        return (int.Parse(output.AsSpan(end + 1), System.Globalization.CultureInfo.InvariantCulture), JsonNode.Parse(output[..end])!.AsObject());
    }
}
