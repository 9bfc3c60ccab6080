using System.Net;
using System.Text;
using Fanout.Client;
using Fanout.Tests.Client.Support;
using Fanout.Tests.TestKit;
using Xunit;

namespace Fanout.Tests.Client.Scripted;

/// <summary>How a client connects, stays connected and ends.</summary>
public sealed class ConnectionTests
{
    [Fact]
    public void Addresses_AreTriedInTurn()
    {
        var node = new FakeNode(new FanoutClientOptions { Urls = ["http://one.test", "wss://two.test/push?x=1"] });
        node.Client.Room("a").JoinAsync().Forget();
        node.Client.ConnectAsync().Forget();
        Assert.Equal("ws://one.test/ws?rooms=a", node.Socket.Address.ToString());
        node.Socket.End();
        node.Advance(1_000);
        Assert.Equal("wss://two.test/push?x=1&rooms=a", node.Socket.Address.ToString());
        node.Socket.End();
        node.Advance(2_000);
        Assert.Equal("one.test", node.Socket.Address.Host);
    }

    [Fact]
    public void RequestLine_StaysShort_AndWhatDoesNotFitIsJoined()
    {
        var node = new FakeNode();
        for (var i = 0; i < 100; i++)
            node.Client.Room($"{i}.".PadRight(100, 'x')).JoinAsync().Forget();
        node.Client.ConnectAsync().Forget();
        Assert.InRange(node.Socket.Address.PathAndQuery.Length, 5_000, 7_000);
        var queried = node.Socket.Rooms.Length;
        node.Socket.Accept();
        Assert.Equal(100 - queried, node.Socket.Heard.Count(message => (string?)message["type"] == "join"));
    }

    [Fact]
    public async Task Connecting_ThatFails_GoesOnAndIsTold()
    {
        var node = new FakeNode();
        List<string> seen = [];
        node.Client.StateChanged += change => seen.Add(change.State.ToString());
        node.Client.Reconnecting += waiting => seen.Add($"{waiting.Attempt}: {waiting.Delay.TotalMilliseconds}");
        var connecting = node.Client.ConnectAsync();
        node.Socket.End();
        node.Advance(1_000);
        node.Socket.End();
        node.Advance(2_000);
        node.Socket.Accept();
        Assert.Equal("fake", (await connecting.WithDeadline("the connection")).Node);
        node.Socket.End();
        Assert.Equal(["Connecting", "1: 1000", "2: 2000", "Connected", "Reconnecting", "3: 4000"], seen);
    }

    [Fact]
    public async Task MaxAttempts_Reached_ClosesTheClient()
    {
        var node = new FakeNode(new FanoutClientOptions { MaxAttempts = 2 });
        var connecting = node.Client.ConnectAsync();
        for (var attempt = 0; attempt < 3; attempt++)
        {
            node.Socket.End();
            node.Advance(30_000);
        }

        Assert.Equal("gave_up", (await Assert.ThrowsAsync<FanoutException>(() => connecting)).Code);
        Assert.Equal(3, node.Sockets.Count);
        Assert.Equal(FanoutConnectionState.Closed, node.Client.State);
        Assert.Equal("gave_up", node.Client.ClosedBecause?.Code);
    }

    [Fact]
    public async Task Waiting_Cancelled_DoesNotEndTheClient()
    {
        var node = new FakeNode();
        using var cancel = new CancellationTokenSource();
        var connecting = node.Client.ConnectAsync(cancel.Token);
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => connecting);
        var connected = node.Client.WaitForStateAsync(FanoutConnectionState.Connected);
        node.Socket.Accept();
        await connected.WithDeadline("the state");
    }

    [Fact]
    public async Task Connect_AfterTheNodeSentUsAway_GoesOn_AndNotAfterClose()
    {
        var node = new FakeNode();
        await node.Connect();
        List<string> got = [];
        node.Client.Room("a").Subscribe(message => got.Add(message.Payload.ToString()));
        node.Answer("join", """{"type":"joined","id":"$","room":"a","payload":{"epoch":"E","offset":4,"recovered":false,"count":1}}""");
        node.Socket.End(4503);
        Assert.Equal("closed", (await Assert.ThrowsAsync<FanoutException>(() => node.Client.PublishAsync("a", Json("1")))).Code);

        var again = node.Client.ConnectAsync();
        Assert.Equal(["a;E;4"], node.Socket.Rooms);
        node.Socket.Accept();
        await again.WithDeadline("the connection");
        node.Socket.Say("""{"type":"joined","room":"a","payload":{"epoch":"E","offset":4,"recovered":true,"count":1}}""");
        node.Message("a", 5, "\"again\"");
        Assert.Equal(["\"again\""], got);

        var closing = node.Client.CloseAsync();
        node.Socket.End(1000);
        await closing.WithDeadline("the close");
        Assert.Equal("closed", (await Assert.ThrowsAsync<FanoutException>(() => node.Client.ConnectAsync())).Code);
    }

    [Fact]
    public async Task Close_UnansweredByTheNode_EndsAfterTwoSeconds()
    {
        var node = new FakeNode();
        await node.Connect();
        var closing = node.Client.CloseAsync();
        Assert.Equal(1000, node.Socket.ClosedByClient);
        node.Advance(1_999);
        Assert.False(closing.IsCompleted);
        node.Advance(1);
        await closing.WithDeadline("the close");
    }

    [Fact]
    public async Task Close_EndsWhatWaits_AndCallsNoHandlerAfterIt()
    {
        var node = new FakeNode();
        await node.Connect();
        node.Join("a");
        List<string> got = [];
        var subscription = node.Client.Room("a").Subscribe(message => got.Add(message.Payload.ToString()));
        var publish = node.Client.PublishAsync("a", Json("1"));
        var request = node.Client.RequestAsync("sum", Json("1"));
        node.Client.CloseAsync().Forget();
        node.Message("a", 1);
        Assert.Empty(got);
        await subscription.Completion.WithDeadline("the end of the subscription");
        Assert.Equal("closed", (await Assert.ThrowsAsync<FanoutException>(() => publish)).Code);
        // It was sent, so it may have happened.
        Assert.Equal("connection_lost", (await Assert.ThrowsAsync<FanoutException>(() => request)).Code);
        Assert.Equal("closed", (await Assert.ThrowsAsync<FanoutException>(() => node.Client.Room("b").JoinAsync())).Code);
        Assert.Equal("closed", (await Assert.ThrowsAsync<FanoutException>(() => node.Client.RefreshTokenAsync())).Code);
    }

    [Theory]
    [InlineData("ftp://x", "ws, wss, http or https")]
    [InlineData("no url", "such as wss://")]
    [InlineData(null, "the address of a node")]
    public void Options_WithAWrongAddress_AreRefusedWithWhatIsRight(string? url, string right) =>
        Assert.Contains(right, Assert.Throws<ArgumentException>(() => new FanoutClient(new FanoutClientOptions { Url = url })).Message, StringComparison.Ordinal);

    [Fact]
    public void Options_OutOfRange_AreRefusedByName()
    {
        var good = new FanoutClientOptions { Url = "ws://x" };
        FanoutClientOptions[] bad =
        [
            good with { RequestTimeout = TimeSpan.Zero }, good with { MaxDelay = TimeSpan.Zero }, good with { MinDelay = TimeSpan.FromSeconds(-1) },
            good with { MaxBufferedPublishes = 0 }, good with { PongTimeout = TimeSpan.Zero }, good with { Token = "t", TokenProvider = (_, _) => default },
        ];
        foreach (var options in bad)
            Assert.StartsWith("FanoutClientOptions.", Assert.Throws<ArgumentException>(() => new FanoutClient(options)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Token_EndedByItsOwnClaim_IsNotKnockedWithAgain()
    {
        var claims = Convert.ToBase64String(Encoding.UTF8.GetBytes("""{"exp":1700000000}""")).TrimEnd('=');
        var node = new FakeNode(new FanoutClientOptions { Token = $"h.{claims}.s" });
        var connecting = node.Client.ConnectAsync();
        node.Socket.End();
        Assert.Equal("unauthorized", (await Assert.ThrowsAsync<FanoutException>(() => connecting)).Code);
    }

    [Fact]
    public void Provider_ThatFails_IsAskedAgainWithBackoff()
    {
        var calls = 0;
        var node = new FakeNode(new FanoutClientOptions
        {
            TokenProvider = (request, _) => ++calls < 3 ? throw new IOException("the login service is away") : ValueTask.FromResult<string?>($"{request.Reason}"),
        });
        node.Client.ConnectAsync().Forget();
        node.Advance(2_900);
        Assert.Equal(2, calls);
        node.Advance(100);
        Assert.Equal("Connect", node.Socket.Token);
    }

    [Fact]
    public async Task Provider_ThatSaysUnauthorized_StopsTheClient()
    {
        var node = new FakeNode(new FanoutClientOptions { TokenProvider = (_, _) => throw new FanoutException("unauthorized", "logged out") });
        Assert.Equal("unauthorized", (await Assert.ThrowsAsync<FanoutException>(() => node.Client.ConnectAsync())).Code);
        Assert.Empty(node.Sockets);
    }

    [Fact]
    public async Task Provider_ThatNeverAnswers_IsToldAndAskedAgain()
    {
        List<CancellationToken> asked = [];
        var node = new FakeNode(new FanoutClientOptions
        {
            TokenProvider = async (_, cancelled) =>
            {
                asked.Add(cancelled);
                await Task.Delay(Timeout.Infinite, cancelled);
                return null;
            },
        });
        node.Client.ConnectAsync().Forget();
        node.Advance(11_000);
        Assert.Equal(2, asked.Count);
        Assert.True(asked[0].IsCancellationRequested);
        Assert.False(asked[1].IsCancellationRequested);
        await node.Client.CloseAsync().WithDeadline("the close");
        Assert.True(asked[1].IsCancellationRequested);
    }

    [Fact]
    public async Task Provider_ThatFailsOverALiveConnection_IsTold_AndTheClientGoesOn()
    {
        var node = new FakeNode(new FanoutClientOptions
        {
            TokenProvider = (request, _) => request.Reason == FanoutTokenReason.Connect ? ValueTask.FromResult<string?>("t") : throw new IOException("away"),
        });
        await node.Connect();
        node.Socket.Say("""{"type":"expiring","payload":{"expiresAt":0}}""");
        Assert.Equal(["token_failed"], node.Errors.Select(error => error.Code));
        Assert.Equal("token_failed", (await Assert.ThrowsAsync<FanoutException>(() => node.Client.RefreshTokenAsync())).Code);
        node.Socket.End();
        node.Advance(1_000);
        Assert.Equal(2, node.Sockets.Count);
        Assert.Single(node.Errors);
    }

    [Fact]
    public async Task Sleep_IsNoticed_AndAsksAtOnce()
    {
        var node = new FakeNode();
        await node.Connect();
        // In one go: every timer is late.
        node.Clock.Advance(TimeSpan.FromSeconds(20));
        node.Socket.Next("ping");
        node.Advance(5_000);
        Assert.Equal(4000, node.Socket.ClosedByClient);
    }

    [Fact]
    public async Task Silence_WhileHandlersAreBehind_SaysNothingAboutTheNode()
    {
        var node = new FakeNode();
        await node.Connect();
        node.Socket.IsPaused = true;
        node.Advance(36_000);
        node.Socket.Next("ping");
        Assert.Null(node.Socket.ClosedByClient);
        Assert.Equal(FanoutConnectionState.Connected, node.Client.State);
    }

    [Fact]
    public async Task CheckConnection_AsksOnce_AndDoesNotWaitOutABackoff()
    {
        var node = new FakeNode();
        await node.Connect();
        node.Client.CheckConnection();
        node.Client.CheckConnection();
        node.Socket.Next("ping");
        Assert.Empty(node.Socket.Heard);
        node.Socket.End();
        node.Client.CheckConnection();
        Assert.Equal(2, node.Sockets.Count);
        node.Client.CheckConnection();
        Assert.Equal(2, node.Sockets.Count);
    }

    [Fact]
    public async Task CheckConnection_DoesNotComeBackBeforeTheTimeThatTheNodeGave()
    {
        var node = new FakeNode();
        await node.Connect();
        node.Socket.Say("""{"type":"drain","payload":{"reconnectAfterMs":3000}}""");
        node.Socket.End();
        node.Client.CheckConnection();
        node.Advance(2_990);
        Assert.Single(node.Sockets);
        node.Advance(10);
        Assert.Equal(2, node.Sockets.Count);
    }

    [Fact]
    public async Task Refusal_WithRetryAfter_IsALowerBound()
    {
        var node = new FakeNode();
        var connecting = node.Client.ConnectAsync();
        node.Socket.Refuse(HttpStatusCode.ServiceUnavailable, TimeSpan.FromSeconds(7));
        node.Advance(7_990);
        Assert.Single(node.Sockets);
        node.Advance(10);
        node.Socket.Accept();
        await connecting.WithDeadline("the connection");
    }

    private static FanoutPayload Json(string json) => FanoutPayload.FromJson(json);
}
