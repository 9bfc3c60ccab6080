using System.Diagnostics;
using System.Net.Sockets;
using Fanout.Tests.TestKit.Faults;
using Fanout.Tests.TestKit.Sockets;
using Xunit;

namespace Fanout.Tests.Unit.TestKit;

public sealed class FaultProxyTests : IAsyncLifetime
{
    private static readonly TimeSpan Short = TimeSpan.FromMilliseconds(50);

    private TinyServer _server = null!;
    private FaultProxy _proxy = null!;

    public async ValueTask InitializeAsync()
    {
        _server = await TinyServer.StartEchoAsync();
        _proxy = FaultProxy.Start(_server.BaseUri);
    }

    public async ValueTask DisposeAsync()
    {
        await _proxy.DisposeAsync();
        await _server.DisposeAsync();
    }

    [Fact]
    public async Task WithoutFaults_PassesBothWays_AndCounts()
    {
        await using (var peer = await ConnectAsync())
        {
            await AssertEchoAsync(peer, new string('x', 200_000));
            Assert.Equal((1, 1), (_proxy.ConnectionCount, _proxy.AcceptedCount));
            await peer.SendCloseAsync();
            Assert.Equal(TcpEnd.Fin, (await peer.ReceiveUntilClosedAsync(echo: false)).End);
        }

        await _proxy.WaitForConnectionsAsync(0);
    }

    [Theory]
    [InlineData(true, TcpEnd.Reset)]
    [InlineData(false, TcpEnd.Fin)]
    public async Task Cut_EndsPresentConnections_AndLetsNewOnesIn(bool reset, TcpEnd expected)
    {
        await using var peer = await ConnectAsync();

        _proxy.Cut(reset);

        Assert.Equal(expected, (await peer.ReceiveUntilClosedAsync()).End);
        await peer.DisposeAsync();
        await _proxy.WaitForConnectionsAsync(0);
        await using var next = await ConnectAsync();
        await AssertEchoAsync(next, "next");
    }

    [Fact]
    public async Task Cut_DuringABlackHole_EndsTheConnection()
    {
        await using var peer = await ConnectAsync();
        _proxy.BlackHole();
        await peer.SendTextAsync("lost");

        _proxy.Cut(reset: false);

        Assert.Equal(TcpEnd.Fin, (await peer.ReceiveUntilClosedAsync()).End);
        await peer.DisposeAsync();
        await _proxy.WaitForConnectionsAsync(0);
    }

    [Fact]
    public async Task RefuseNew_RefusesConnects_UntilHealed()
    {
        await using var present = await ConnectAsync();

        _proxy.RefuseNew();

        var error = await Assert.ThrowsAsync<SocketException>(ConnectAsync);
        Assert.Equal(SocketError.ConnectionRefused, error.SocketErrorCode);
        await AssertEchoAsync(present, "present");
        _proxy.Heal();
        await using var next = await ConnectAsync();
        await AssertEchoAsync(next, "next");
    }

    [Theory]
    [InlineData(ProxyDirection.Both)]
    [InlineData(ProxyDirection.ToTarget)]
    [InlineData(ProxyDirection.ToClient)]
    public async Task BlackHole_PassesNothing_AndDeliversWhenHealed(ProxyDirection direction)
    {
        await using var peer = await ConnectAsync();
        _proxy.BlackHole(direction);

        await peer.SendTextAsync("late");
        await Assert.ThrowsAsync<TimeoutException>(() => peer.ReceiveFrameAsync(Short));
        _proxy.Heal();

        Assert.Equal("late", (await peer.ReceiveFrameAsync()).Text);
    }

    [Fact]
    public async Task BlackHole_HidesTheEndOfTheTarget()
    {
        await using var peer = await ConnectAsync();
        _proxy.BlackHole(ProxyDirection.ToClient);

        await _server.DisposeAsync();

        await Assert.ThrowsAsync<TimeoutException>(() => peer.ReceiveFrameAsync(Short));
        _proxy.Heal();
        Assert.NotEqual(TcpEnd.StillOpen, (await peer.ReceiveUntilClosedAsync()).End);
    }

    [Fact]
    public async Task Delay_OfBothDirections_AddsUp_AndPipelines()
    {
        await using var peer = await ConnectAsync();
        _proxy.Delay(TimeSpan.FromMilliseconds(60), ProxyDirection.ToTarget);
        _proxy.Delay(TimeSpan.FromMilliseconds(40), ProxyDirection.ToClient);
        var started = Stopwatch.GetTimestamp();

        for (var i = 0; i < 100; i++)
            await peer.SendTextAsync("ping");
        for (var i = 0; i < 100; i++)
            Assert.Equal("ping", (await peer.ReceiveFrameAsync()).Text);

        // A hundred in a row would need ten seconds.
        Assert.InRange(Stopwatch.GetElapsedTime(started).TotalMilliseconds, 95, 8_000);
    }

    [Fact]
    public async Task Throttle_HoldsTheRate_UntilHealed()
    {
        await using var peer = await ConnectAsync();
        _proxy.Throttle(100_000, ProxyDirection.ToTarget);
        var started = Stopwatch.GetTimestamp();

        await AssertEchoAsync(peer, new string('x', 30_000));
        Assert.InRange(Stopwatch.GetElapsedTime(started).TotalMilliseconds, 200, 10_000);
        _proxy.Throttle(100, ProxyDirection.ToTarget);
        await peer.SendTextAsync(new string('y', 30_000));
        _proxy.Heal();

        Assert.Equal(30_000, (await peer.ReceiveFrameAsync()).Payload.Length);
    }

    [Fact]
    public async Task Target_ThatIsGone_LooksLikeAReset()
    {
        await _server.DisposeAsync();

        Assert.Equal(TcpEnd.Reset, await OutcomeAsync());

        async Task<TcpEnd> OutcomeAsync()
        {
            try
            {
                await using var peer = await RawWebSocket.OpenAsync(_proxy.BaseUri);
                return (await peer.ReceiveUntilClosedAsync()).End;
            }
            catch (SocketException e) when (e.SocketErrorCode == SocketError.ConnectionReset)
            {
                // It came before the connect had returned.
                return TcpEnd.Reset;
            }
        }
    }

    private async Task<RawWebSocket> ConnectAsync() => (await RawWebSocket.ConnectAsync(_proxy.BaseUri)).EnsureAccepted();

    private static async Task AssertEchoAsync(RawWebSocket peer, string text)
    {
        await peer.SendTextAsync(text);
        var echo = new List<byte>();
        WebSocketFrame frame;
        do
        {
            frame = await peer.ReceiveFrameAsync();
            echo.AddRange(frame.Payload.Span);
        }
        while (!frame.Fin);

        Assert.Equal(text.Length, echo.Count);
    }
}
