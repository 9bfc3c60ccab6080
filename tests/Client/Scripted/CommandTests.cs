using Fanout.Client;
using Fanout.Tests.Client.Support;
using Fanout.Tests.TestKit;
using Xunit;

namespace Fanout.Tests.Client.Scripted;

/// <summary>Commands that nobody waits for any more, and answers that are none.</summary>
public sealed class CommandTests
{
    [Fact]
    public async Task Commands_GivenUp_KeepTheirPlacesUntilTheyAreAnswered()
    {
        var node = new FakeNode();
        await node.Connect();
        var late = Enumerable.Range(0, 256).Select(_ => Ask(TimeSpan.FromMilliseconds(10))).ToArray();
        node.Advance(10);
        foreach (var one in late)
            Assert.Equal("timeout", (await Assert.ThrowsAsync<FanoutException>(() => one)).Code);
        Assert.Equal("buffer_full", (await Assert.ThrowsAsync<FanoutException>(() => Ask(null))).Code);
        node.Answer("request", """{"type":"response","id":"$","payload":null}""");
        node.Socket.Heard.Clear();
        var asked = Ask(null);
        node.Answer("request", """{"type":"response","id":"$","payload":7}""");
        Assert.Equal("7", (await asked.WithDeadline("the answer")).ToString());

        // The next connection owes no answers.
        node.Socket.End();
        node.Advance(1_000);
        node.Socket.Accept();
        asked = Ask(null);
        node.Answer("request", """{"type":"response","id":"$","payload":8}""");
        Assert.Equal("8", (await asked.WithDeadline("the answer")).ToString());

        Task<FanoutPayload> Ask(TimeSpan? timeout) => node.Client.RequestAsync("slow", FanoutPayload.FromJson("1"), timeout);
    }

    [Fact]
    public async Task Answers_ThatAreRubbish_AreToldToWhoeverWaits()
    {
        var node = new FakeNode();
        await node.Connect();
        var request = node.Client.RequestAsync("sum", FanoutPayload.FromJson("1"));
        node.Answer("request", """{"type":"error","id":"$","payload":7}""");
        Assert.Equal("bad_message", (await Assert.ThrowsAsync<FanoutException>(() => request.WithDeadline("the refusal"))).Code);
        var history = node.Client.Room("a").GetHistoryAsync();
        node.Answer("history", """{"type":"history","id":"$","room":"a","payload":{"messages":7}}""");
        Assert.Equal("bad_message", (await Assert.ThrowsAsync<FanoutException>(() => history.WithDeadline("the page"))).Code);
        var presence = node.Client.Room("a").GetPresenceAsync();
        node.Answer("presence", """{"type":"presence","id":"$","room":"a"}""");
        Assert.Equal("bad_message", (await Assert.ThrowsAsync<FanoutException>(() => presence.WithDeadline("the page"))).Code);
    }

    [Fact]
    public async Task Refresh_NeedsAConnection_AndTellsHowLongTheNewTokenLives()
    {
        List<FanoutTokenReason> asked = [];
        var node = new FakeNode(new FanoutClientOptions
        {
            TokenProvider = (request, _) =>
            {
                asked.Add(request.Reason);
                return ValueTask.FromResult<string?>("t");
            },
        });
        await node.Client.RefreshTokenAsync().WithDeadline("nothing");
        await node.Connect(new() { ["expiresAt"] = 1_800_000_000_000 });
        var before = node.Client.Connection;
        var refreshing = node.Client.RefreshTokenAsync();
        node.Answer("refresh", """{"type":"refreshed","id":"$","payload":{"expiresAt":1800000060000,"left":[]}}""");
        await refreshing.WithDeadline("the refresh");
        Assert.Equal(TimeSpan.FromMinutes(1), node.Client.Connection!.ExpiresAt - before!.ExpiresAt);
        node.Socket.End();
        await node.Client.RefreshTokenAsync().WithDeadline("nothing");
        Assert.Equal([FanoutTokenReason.Connect, FanoutTokenReason.Refresh], asked);
    }
}
