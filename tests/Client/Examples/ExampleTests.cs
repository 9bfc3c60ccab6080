using Fanout.Tests.Client.Nodes;
using Fanout.Tests.TestKit.Api;
using Fanout.Tests.TestKit.Nodes;
using Xunit;

namespace Fanout.Tests.Client.Examples;

/// <summary>The .NET examples, by the commands of the README, against a node.</summary>
public sealed class ExampleTests(OpenNode open) : IClassFixture<OpenNode>
{
    private readonly string _url = open.Node.BaseUri.ToString();

    [Fact]
    public async Task Subscriber_PrintsWhatTheWorkerPublishes_AndGoesOnWhereItWas()
    {
        var positions = Path.GetTempFileName();
        string[] listen = ["orders", "--url", _url, "--positions", positions];
        int first;
        await using (var subscriber = new ExampleProcess("examples/dotnet/subscriber.cs", listen))
        {
            await subscriber.WaitForAsync(lines => lines.Contains("-- Connected"), "a connection");
            // Not before: both build the packages that they use.
            await using var worker = new ExampleProcess("examples/dotnet/worker.cs", "--Fanout:Url", _url, "--Fanout:ApiKey", NodeOptions.ApiKey);
            await subscriber.WaitForAsync(lines => Orders(lines).Length >= 2, "two orders");
            await worker.WaitForAsync(lines => lines.Any(line => line.Contains("bob is away", StringComparison.Ordinal)), "the worker's account");
            Assert.Equal(0, await worker.StopAsync());
            Assert.Equal(0, await subscriber.StopAsync());
            Assert.Contains("-- good bye", subscriber.Lines);
            Assert.Equal(Enumerable.Range(1, Orders(subscriber.Lines).Length), Orders(subscriber.Lines));
            first = Orders(subscriber.Lines).Length;
        }

        using var api = new ApiClient(open.Node.BaseUri);
        await api.PublishAsync("orders", System.Text.Json.Nodes.JsonNode.Parse("""{"number":1000}""")!);
        await using var again = new ExampleProcess("examples/dotnet/subscriber.cs", [.. listen, "--format", "MessagePack"]);
        await again.WaitForAsync(lines => Orders(lines).Contains(1_000), "what was published while it was away");
        Assert.DoesNotContain(Orders(again.Lines), number => number <= first);
        Assert.DoesNotContain(again.Lines, line => line.Contains("missing", StringComparison.Ordinal));
        Assert.Equal(0, await again.StopAsync());
        File.Delete(positions);
    }

    [Fact]
    public async Task Chats_HearEachOther_AndEndWithTheirInput()
    {
        var room = $"chat.{Guid.NewGuid():N}";
        await using var ann = new ExampleProcess("examples/chat/chat.cs", "ann", "--url", _url, "--room", room);
        await ann.WaitForAsync(lines => lines.Contains($"-- in '{room}' with 0 others"), "ann in the room");
        await using var bob = new ExampleProcess("examples/chat/chat.cs", "bob", "--url", _url, "--room", room);
        await bob.WaitForAsync(lines => lines.Contains($"-- in '{room}' with 1 others"), "bob in the room");
        await ann.TypeAsync("hello bob");
        await bob.WaitForAsync(lines => lines.Contains("ann: hello bob"), "what ann said");
        await bob.TypeAsync("hello ann");
        await ann.WaitForAsync(lines => lines.Contains("bob: hello ann"), "what bob said");
        Assert.Equal(0, await ann.EndOfInputAsync());
        Assert.Equal(0, await bob.EndOfInputAsync());
    }

    [Fact]
    public async Task Subscriber_ThatIsRefused_SaysWhy()
    {
        await using var strict = await NodeProcess.StartAsync(new NodeOptions().With(
            ("Fanout:Auth:AllowAnonymous", "false"), ("Fanout:Auth:Jwt:SigningKey", Integration.Support.Tokens.SigningKey)));
        await using var subscriber = new ExampleProcess("examples/dotnet/subscriber.cs", "orders", "--url", strict.BaseUri.ToString(), "--positions", Path.Combine(Path.GetTempPath(), $"{Guid.NewGuid():N}"));
        await subscriber.WaitForAsync(lines => lines.Any(line => line.StartsWith("-- unauthorized: ", StringComparison.Ordinal)), "the reason");
        Assert.Equal(1, await subscriber.EndOfInputAsync());
        Assert.DoesNotContain(subscriber.Lines, line => line.Contains("   at ", StringComparison.Ordinal));
    }

    private static int[] Orders(string[] lines) =>
        [.. lines.Where(line => line.Contains(" orders {", StringComparison.Ordinal)).Select(line => (int)System.Text.Json.Nodes.JsonNode.Parse(line[line.IndexOf('{')..])!["number"]!)];
}
