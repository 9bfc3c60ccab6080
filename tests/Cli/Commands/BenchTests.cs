using Fanout.Tests.Cli.Support;
using Xunit;

namespace Fanout.Tests.Cli.Commands;

[Collection(Installation.Name)]
public sealed class BenchTests(Installation fanout)
{
    [Theory]
    [InlineData("--rate", "40")]
    [InlineData("--rate", "40", "--http")]
    [InlineData("--rate", "0", "--in-flight", "2", "--http")]
    // More than the nodes take of one connection by default, and of four.
    [InlineData("--rate", "0", "--in-flight", "32")]
    public async Task Bench_CountsEveryDelivery(params string[] how)
    {
        var result = (await fanout.RunAsync(["bench", "--connections", "7", "--rooms", "3", "--warm-up", "200ms", "--duration", "1s", "--json", .. how])).Expect(0);

        var (accepted, lost) = ((int)result.Json["accepted"]!, (int)result.Json["lost"]!);
        Assert.True(accepted > 0);
        Assert.Equal((0, 0, 0), (lost, (int)result.Json["repeated"]!, (int)result.Json["unanswered"]!));
        Assert.True((double)result.Json["deliveriesPerSecond"]! > 0);
        Assert.True((double)result.Json["latencyMs"]!["p99"]! >= (double)result.Json["latencyMs"]!["p50"]!);
    }

    [Fact]
    public async Task Bench_WithoutAGrant_IsRefused()
    {
        var result = (await fanout.Tool().With("FANOUT_TOKEN", Tokens.For("ann", "other.*")).RunAsync("bench", "--connections", "2", "--json")).Expect(3);

        Assert.Equal("forbidden", (string?)result.JsonError["code"]);
    }

    // A refusal makes room for the next: not one of them holds the others back.
    [Fact]
    public async Task Bench_AsFastAsItCan_GoesOnBehindRefusals()
    {
        var result = (await fanout.Tool().With("FANOUT_TOKEN", Tokens.For("ann", publish: "none")).RunAsync("bench", "--connections", "2", "--rate", "0", "--in-flight", "2", "--warm-up", "0s", "--duration", "3s", "--json")).Expect(1);

        Assert.InRange((int)result.Json["refused"]!["forbidden"]!, 3, int.MaxValue);
        Assert.Equal(0, (int)result.Json["unanswered"]!);
    }

    // What is published and not taken must not look like success.
    [Fact]
    public async Task Bench_WhosePublishesAreRefused_Fails()
    {
        var result = (await fanout.Tool().With("FANOUT_API_KEY", Installation.ReaderKey).RunAsync("bench", "--connections", "2", "--http", "--duration", "500ms", "--warm-up", "0s", "--json")).Expect(1);

        Assert.True((int)result.Json["refused"]!["forbidden"]! > 0);
        Assert.Equal(0, (int)result.Json["accepted"]!);
    }

    [Theory]
    [InlineData("bench", "--connections", "2", "--rooms", "3")]
    [InlineData("bench", "--size", "3")]
    [InlineData("bench", "--rate", "-1")]
    [InlineData("bench", "--in-flight", "3")]
    [InlineData("bench", "--room-prefix", "no room")]
    [InlineData("bench", "--duration", "0s")]
    public async Task Arguments_ThatMakeNoSense_AreRefused(params string[] arguments) => (await fanout.RunAsync(arguments)).Expect(2);
}
