using System.Net.Sockets;
using Fanout.Tests.Integration.Support;
using Fanout.Tests.TestKit;
using Fanout.Tests.TestKit.Nodes;
using Xunit;

namespace Fanout.Tests.Integration.Sockets;

/// <summary>TCP connections that have not said yet what they want.</summary>
public sealed class SilentConnectionTests
{
    // As many as the smallest bound for them.
    private const int Most = 100;

    [Fact]
    public async Task OneAddress_MayNotHoldAnyNumber_AndTheirPlacesAreFreeAgain()
    {
        await using var node = await RunningNode.StartAsync(new NodeOptions().With(
            ("Fanout:Limits:MaxConnectionsPerIp", "5"), ("Fanout:Limits:HandshakeTimeout", "00:01:00")));
        var silent = new List<Socket>();
        for (var i = 0; i < Most; i++)
            silent.Add(await ConnectAsync(node.BaseUri));
        // One more may be there before the last of them is counted: the node accepts in its own time.
        await Eventually.TrueAsync(async () => await EndsAsync(node.BaseUri), "a connection too many to be ended");

        foreach (var socket in silent)
            socket.Dispose();

        await Eventually.TrueAsync(
            async () =>
            {
                try
                {
                    await using var client = await node.ConnectAsync();
                    return true;
                }
                catch (Exception e) when (e is SocketException or IOException)
                {
                    return false;
                }
            },
            "a free place");
        Assert.Matches(@"fanout_limited\w*{[^}]*limit=""silent_per_ip""[^}]*} [1-9]", (await node.Api.GetAsync("/metrics")).Text);
    }

    // Many clients stand behind it, each for a moment.
    [Fact]
    public async Task KnownProxy_IsNotCounted()
    {
        await using var node = await RunningNode.StartAsync(new NodeOptions().With(
            ("Fanout:Limits:MaxConnectionsPerIp", "5"), ("Fanout:Limits:HandshakeTimeout", "00:01:00"), ("Fanout:Proxies:Known:0", "127.0.0.1")));
        var silent = new List<Socket>();
        for (var i = 0; i < Most + 20; i++)
            silent.Add(await ConnectAsync(node.BaseUri));

        await using var client = await node.ConnectAsync();
        await client.PingAsync();

        Assert.All(silent, socket => Assert.False(socket.Poll(0, SelectMode.SelectRead)));
        foreach (var socket in silent)
            socket.Dispose();
    }

    private static async Task<Socket> ConnectAsync(Uri uri)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(uri.Host, uri.Port);
        return socket;
    }

    private static async Task<bool> EndsAsync(Uri uri)
    {
        using var socket = await ConnectAsync(uri);
        using var soon = new CancellationTokenSource(TimeSpan.FromSeconds(1));
        try
        {
            return await socket.ReceiveAsync(new byte[1], soon.Token) == 0;
        }
        catch (SocketException)
        {
            return true;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }
}
