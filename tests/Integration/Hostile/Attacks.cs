using System.IO.Compression;
using System.Text;
using Fanout.Tests.TestKit.Sockets;

namespace Fanout.Tests.Integration.Hostile;

/// <summary>All of them.</summary>
internal static class Attacks
{
    private static readonly TimeSpan BetweenBytes = TimeSpan.FromMilliseconds(100);
    private static readonly byte[] Bomb = Compressed(1_000_000);
    private static readonly byte[] GarbageBomb = WebSocketFrames.Client(WebSocketOpcode.Text, [.. Enumerable.Repeat<byte>(0x55, 500)], rsv: 4);
    private static readonly byte[] Pings = Many(500, _ => WebSocketFrames.Client(WebSocketOpcode.Ping, new byte[125]));
    private static readonly byte[] Pongs = Many(500, _ => WebSocketFrames.Client(WebSocketOpcode.Pong, new byte[125]));
    private static readonly byte[] TinyMessages = Many(1_000, _ => WebSocketFrames.Text("""{"type":"ping"}"""));
    private static readonly byte[] Rubbish = Many(1_000, _ => WebSocketFrames.Text("x"));
    private static readonly byte[] EmptyFragments = Many(4_000, _ => WebSocketFrames.Client(WebSocketOpcode.Continuation, [], fin: false));
    private static readonly byte[] OneByteFragments = Many(4_000, _ => WebSocketFrames.Client(WebSocketOpcode.Continuation, [0x61], fin: false));
    private static readonly byte[] JoinsAndLeaves = Many(500, i => WebSocketFrames.Text($$"""{"type":"{{(i % 2 == 0 ? "join" : "leave")}}","id":"{{i}}","room":"flood.{{i / 2}}"}"""));
    private static readonly byte[] ComesAndGoes = Many(500, i => WebSocketFrames.Text(i % 2 == 0 ? """{"type":"join","id":"j","room":"hall","payload":{"presence":true}}""" : """{"type":"leave","id":"l","room":"hall"}"""));
    private static readonly byte[] HugeNames = WebSocketFrames.Text($$"""{"type":"publish","id":"{{new string('i', 300_000)}}","room":"{{new string('r', 300_000)}}","key":"{{new string('k', 300_000)}}","payload":1}""");
    private static readonly byte[] DeepMessage = WebSocketFrames.Text($$"""{"type":"publish","room":"a","payload":{{new string('[', 500_000)}}{{new string(']', 500_000)}}}""");
    private static readonly byte[] SmallHeaders = Encoding.ASCII.GetBytes("GET /ws HTTP/1.1\r\nHost: a\r\n" + string.Concat(Enumerable.Repeat("upgrade:a\r\n", 2_800)));
    private static readonly byte[] LargeMessage = WebSocketFrames.Text($$"""{"type":"publish","room":"dump","payload":"{{new string('x', 1_000_000)}}"}""");

    /// <summary>Whose end by 4003 is waited for in short runs too.</summary>
    public const string ShownAlways = "tiny messages";

    public static IReadOnlyList<Attack> All { get; } =
    [
        new("slow handshakes, a byte at a time", 300, (street, stop) => DripAsync(street.Uri, HostileSocket.Request(street.Uri, "/ws"), stop), "reset"),
        new("slow requests to HTTP, a byte at a time", 300, (street, stop) => DripAsync(street.Uri, Encoding.ASCII.GetBytes("GET /healthz/live HTTP/1.1\r\nHost: a\r\n" + new string('x', 100)), stop), "answered 408"),
        new("connections that say nothing", 500, (street, stop) => SilentAsync(street.Uri, stop), "reset"),
        new("slow TLS handshakes", 200, (street, stop) => DripAsync(street.TlsUri, [0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3, .. new byte[200]], stop), "ended"),
        new("half-open sockets", 500, (street, stop) => HalfOpenAsync(street, stop), "closed 4000"),
        new("readers that never read", 50, NeverReadAsync, "closed 4001") { Reason = "slow_consumer" },
        new("compression bombs of 1 MB in 1 KB", 20, (street, stop) => FloodAsync(street, Bomb, stop, deflate: true), "closed 4003"),
        new("rubbish that claims to be compressed", 50, (street, stop) => FloodAsync(street, GarbageBomb, stop, deflate: true), "closed 1007"),
        new("pings of 125 bytes", 20, (street, stop) => FloodAsync(street, Pings, stop), "closed 4003"),
        new("pings of 125 bytes by way of HTTP", 20, (street, stop) => FloodAsync(street, Pings, stop, ordinary: true), "closed 4003"),
        new("pongs of 125 bytes", 20, (street, stop) => FloodAsync(street, Pongs, stop), null),
        new(ShownAlways, 20, (street, stop) => FloodAsync(street, TinyMessages, stop), "closed 4003"),
        new("undecodable messages", 20, (street, stop) => FloodAsync(street, Rubbish, stop), "closed 4500"),
        new("fragments without a byte", 10, (street, stop) => FloodAsync(street, EmptyFragments, stop, first: WebSocketFrames.Client(WebSocketOpcode.Text, [], fin: false)), "closed 4500"),
        new("fragments of one byte", 10, (street, stop) => FloodAsync(street, OneByteFragments, stop, first: WebSocketFrames.Client(WebSocketOpcode.Text, [], fin: false)), "closed 4500"),
        new("joins and leaves", 20, (street, stop) => FloodAsync(street, JoinsAndLeaves, stop), "closed 4003"),
        new("joins and leaves with presence", 20, (street, stop) => FloodAsync(street, ComesAndGoes, stop), "closed 4003")
        {
            Settings = [("Fanout:Rooms:1:Pattern", "hall"), ("Fanout:Rooms:1:Presence", "true")],
        },
        // Read and refused at 1.6 cores: 198 MB of it were garbage that the collector had not come to yet.
        new("ids and names of 300 KB", 10, (street, stop) => FloodAsync(street, HugeNames, stop), "closed 4500") { MostGrowth = 400 },
        new("messages nested 500,000 deep", 10, (street, stop) => FloodAsync(street, DeepMessage, stop), "closed 4500"),
        // As the node comes: a message of that size is no offence, and a hundred a second of them none either. The room's history alone keeps 100 MB of
        // them, and the collector lets what is dead grow to a multiple of that: the node's peak was 549 MB in 10 s, 621 in 30, 684 in 60, and 319 behind it.
        new("messages of 1 MB", 10, (street, stop) => FloodAsync(street, LargeMessage, stop), null) { MostGrowth = 800 },
        new("messages of 1 MB, with BytesPerSecond", 10, (street, stop) => FloodAsync(street, LargeMessage, stop), "closed 4003")
        {
            Settings = [("Fanout:Limits:BytesPerSecond", "1000000")],
            // The same history, which takes 10 s to fill: 424 MB in 60 s.
            MostGrowth = 400,
        },
        new("promises of 1 MB messages that never come", 200, (street, stop) => PromiseAsync(street, stop), "closed 4000"),
        new("headers without end", 20, (street, stop) => HeadersAsync(street, stop), "answered 431"),
        new("2,800 small headers, then a byte at a time", 20, SmallHeadersAsync, "reset"),
        new("2,800 small headers at once", 50, (street, stop) => SayAsync(street.Uri, [.. SmallHeaders, .. "\r\n"u8], stop), "answered 431"),
        new("URLs of 100 KB", 50, (street, stop) => SayAsync(street.Uri, HostileSocket.Request(street.Uri, "/ws?rooms=" + new string('a', 100_000)), stop), "answered 414"),
        new("connections of one address", 50, (street, stop) => HoldAsync(street, stop), "answered 429") { Settings = [("Fanout:Limits:MaxConnectionsPerIp", "20")] },
        new("connect and go, again and again", 20, (street, stop) => ChurnAsync(street, stop), null),
        new("a storm of connections", 100, (street, stop) => HoldAsync(street, stop), "answered 503") { Settings = [("Fanout:Limits:ConnectionsPerSecond", "20")] },
    ];

    // One byte, a pause, one byte; behind the last there are no more, and the connection stays.
    private static async Task<string> DripAsync(Uri uri, byte[] bytes, CancellationToken stop)
    {
        using var peer = await HostileSocket.OpenAsync(uri, stop);
        var end = peer.ReadToEndAsync(stop);
        foreach (var one in bytes[..^1])
        {
            if (end.IsCompleted)
                break;
            await peer.SendAsync(new[] { one }, stop);
            await Task.Delay(BetweenBytes, stop);
        }

        return await end;
    }

    private static async Task<string> SilentAsync(Uri uri, CancellationToken stop)
    {
        using var peer = await HostileSocket.OpenAsync(uri, stop);
        return await peer.ReadToEndAsync(stop);
    }

    // As a phone in a tunnel: it is there for TCP, and says nothing any more.
    private static async Task<string> HalfOpenAsync(Street street, CancellationToken stop)
    {
        using var peer = await HostileSocket.UpgradeAsync(street.Uri, $"/ws?rooms={street.Room}", stop);
        return await peer.ReadToEndAsync(stop);
    }

    private static async Task<string> NeverReadAsync(Street street, CancellationToken stop)
    {
        using var peer = await HostileSocket.UpgradeAsync(street.Uri, $"/ws?rooms={street.BusyRoom}", stop, receiveBuffer: 4096);
        // Its pongs keep it alive; it takes what it can when it is over.
        for (var i = 0; i < 8; i++)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(500), stop);
            await peer.SendAsync(WebSocketFrames.Client(WebSocketOpcode.Pong, []), stop);
        }

        return await peer.ReadToEndAsync(stop);
    }

    private static async Task<string> FloodAsync(Street street, byte[] bytes, CancellationToken stop, bool deflate = false, byte[]? first = null, bool ordinary = false)
    {
        using var peer = await HostileSocket.UpgradeAsync(
            street.Uri, "/ws", stop, deflate ? "Sec-WebSocket-Extensions: permessage-deflate\r\n" : "", before: ordinary ? "/healthz/live" : null);
        var end = peer.ReadToEndAsync(stop);
        try
        {
            if (first is not null)
                await peer.SendAsync(first, stop);
            while (!end.IsCompleted)
            {
                await peer.SendAsync(bytes, stop);
                // A send to the loopback completes at once: without this a few attackers would keep all threads of the test.
                await Task.Delay(1, stop);
            }
        }
        catch (System.Net.Sockets.SocketException)
        {
            // The node has had enough.
        }

        return await end;
    }

    private static async Task<string> PromiseAsync(Street street, CancellationToken stop)
    {
        using var peer = await HostileSocket.UpgradeAsync(street.Uri, "/ws", stop);
        await peer.SendAsync(WebSocketFrames.Client(WebSocketOpcode.Text, [0x61], claimedLength: 1_000_000, lengthEncoding: LengthEncoding.Bits64), stop);
        return await peer.ReadToEndAsync(stop);
    }

    private static async Task<string> HeadersAsync(Street street, CancellationToken stop)
    {
        using var peer = await HostileSocket.OpenAsync(street.Uri, stop);
        var end = peer.ReadToEndAsync(stop);
        try
        {
            await peer.SendAsync("GET /ws HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\n"u8.ToArray(), stop);
            var line = Encoding.ASCII.GetBytes($"X-{Guid.NewGuid():n}: {new string('h', 200)}\r\n");
            while (!end.IsCompleted)
            {
                await peer.SendAsync(line, stop);
                await Task.Yield();
            }
        }
        catch (System.Net.Sockets.SocketException)
        {
            // The node has had enough.
        }

        return await end;
    }

    // Each byte a packet of its own, and a reason for the node to look at the request again.
    private static async Task<string> SmallHeadersAsync(Street street, CancellationToken stop)
    {
        using var peer = await HostileSocket.OpenAsync(street.Uri, stop);
        var end = peer.ReadToEndAsync(stop);
        try
        {
            await peer.SendAsync(SmallHeaders, stop);
            for (var i = 0; !end.IsCompleted; i++)
            {
                await peer.SendAsync(new[] { "upgrade:a\r\n"u8[i % 11] }, stop);
                await Task.Delay(1, stop);
            }
        }
        catch (System.Net.Sockets.SocketException)
        {
            // The node has had enough.
        }

        return await end;
    }

    private static async Task<string> SayAsync(Uri uri, byte[] bytes, CancellationToken stop)
    {
        using var peer = await HostileSocket.OpenAsync(uri, stop);
        var end = peer.ReadToEndAsync(stop);
        try
        {
            await peer.SendAsync(bytes, stop);
        }
        catch (System.Net.Sockets.SocketException)
        {
            // It was answered before it was all said.
        }

        return await end;
    }

    private static async Task<string> HoldAsync(Street street, CancellationToken stop)
    {
        using var peer = await HostileSocket.UpgradeAsync(street.Uri, "/ws", stop);
        while (!stop.IsCancellationRequested)
        {
            await peer.SendAsync(WebSocketFrames.Client(WebSocketOpcode.Pong, []), stop);
            await Task.Delay(TimeSpan.FromMilliseconds(500), stop);
        }

        return "held";
    }

    private static async Task<string> ChurnAsync(Street street, CancellationToken stop)
    {
        using var peer = await HostileSocket.UpgradeAsync(street.Uri, "/ws?rooms=" + string.Join(',', Enumerable.Range(0, 20).Select(i => $"churn.{i}")), stop);
        return "gone";
    }

    private static byte[] Compressed(int length)
    {
        using var output = new MemoryStream();
        using var deflate = new DeflateStream(output, CompressionLevel.SmallestSize, leaveOpen: true);
        // Good JSON: ten messages in a row that are none would end it with 4500 at about the time at which its rate does with 4003.
        deflate.Write(Encoding.ASCII.GetBytes("""{"type":"ping"}""".PadRight(length, ' ')));
        deflate.Flush();
        return WebSocketFrames.Client(WebSocketOpcode.Text, output.ToArray().AsSpan()[..^4], rsv: 4);
    }

    private static byte[] Many(int count, Func<int, byte[]> one) => [.. Enumerable.Range(0, count).SelectMany(one)];
}
