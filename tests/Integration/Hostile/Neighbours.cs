using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Fanout.Tests.TestKit.Sockets;

namespace Fanout.Tests.Integration.Hostile;

/// <summary>
/// Two well-behaved clients: one says a number, the other hears it, again and again. On a thread of their own with blocking sockets, since the attackers
/// share the process: waiting for a free thread would be measured as the node's.
/// </summary>
internal sealed class Neighbours : IDisposable
{
    private static readonly TimeSpan BetweenMessages = TimeSpan.FromMilliseconds(10);

    private readonly Socket _speaker;
    private readonly Socket _listener;
    private readonly string _room;
    private readonly byte[] _buffer = new byte[64 * 1024];
    private int _said;

    private Neighbours(Socket speaker, Socket listener, string room) => (_speaker, _listener, _room) = (speaker, listener, room);

    /// <summary>What went wrong: a message that is missing, comes twice or in the wrong order, or a connection that was ended. Null: nothing.</summary>
    public string? Complaint { get; private set; }

    public static Neighbours MoveIn(Uri uri, string room)
    {
        var neighbours = new Neighbours(Connect(uri, "/ws"), Connect(uri, $"/ws?rooms={room}"), room);
        neighbours.ReadUntil(neighbours._speaker, "connected");
        neighbours.ReadUntil(neighbours._listener, "joined");
        return neighbours;
    }

    /// <summary>Says something every 10 ms for a time, and hears all of it.</summary>
    /// <returns>From the send to the receipt, each, in milliseconds, sorted.</returns>
    public Task<double[]> TalkAsync(TimeSpan time) => Task.Factory.StartNew(() => Talk(time), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    public void Dispose()
    {
        _speaker.Dispose();
        _listener.Dispose();
    }

    private double[] Talk(TimeSpan time)
    {
        var latencies = new List<double>();
        try
        {
            for (var began = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(began) < time && Complaint is null;)
            {
                _said++;
                var sent = Stopwatch.GetTimestamp();
                _speaker.Send(WebSocketFrames.Text(string.Create(CultureInfo.InvariantCulture, $$"""{"type":"publish","room":"{{_room}}","payload":{{_said}}}""")));
                var heard = ReadUntil(_listener, "message").GetProperty("payload").GetInt32();
                latencies.Add(Stopwatch.GetElapsedTime(sent).TotalMilliseconds);
                if (heard != _said)
                    Complaint = $"heard {heard} instead of {_said}";
                // Pings of the node.
                while (_speaker.Available > 0)
                    ReadFrame(_speaker);
                Thread.Sleep(BetweenMessages);
            }
        }
        catch (SocketException e)
        {
            Complaint ??= $"after {_said} messages: {e.Message}";
        }

        latencies.Sort();
        return [.. latencies];
    }

    private JsonElement ReadUntil(Socket socket, string type)
    {
        while (true)
        {
            if (ReadFrame(socket) is { } message && message.GetProperty("type").GetString() == type)
                return message;
        }
    }

    // Null for a ping, which is answered.
    private JsonElement? ReadFrame(Socket socket)
    {
        Receive(socket, 0, 2);
        var (opcode, length) = ((WebSocketOpcode)(_buffer[0] & 0x0f), _buffer[1] & 0x7f);
        if (length == 126)
        {
            Receive(socket, 0, 2);
            length = (_buffer[0] << 8) | _buffer[1];
        }

        Receive(socket, 0, length);
        switch (opcode)
        {
            case WebSocketOpcode.Ping:
                socket.Send(WebSocketFrames.Client(WebSocketOpcode.Pong, _buffer.AsSpan(0, length)));
                return null;
            case WebSocketOpcode.Close:
                Complaint = $"closed with {(_buffer[0] << 8) | _buffer[1]} after {_said} messages";
                throw new SocketException((int)SocketError.Disconnecting);
            default:
                return JsonSerializer.Deserialize<JsonElement>(_buffer.AsSpan(0, length));
        }
    }

    private void Receive(Socket socket, int at, int count)
    {
        while (count > 0)
        {
            var read = socket.Receive(_buffer, at, count, SocketFlags.None);
            if (read == 0)
                throw new SocketException((int)SocketError.ConnectionReset);
            (at, count) = (at + read, count - read);
        }
    }

    private static Socket Connect(Uri uri, string pathAndQuery)
    {
        // A message that does not come is an end of its own.
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true, ReceiveTimeout = 20_000 };
        socket.Connect(uri.Host, uri.Port);
        socket.Send(HostileSocket.Request(uri, pathAndQuery));
        var one = new byte[1];
        for (var head = new StringBuilder(); !head.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal);)
        {
            socket.Receive(one);
            head.Append((char)one[0]);
        }

        return socket;
    }
}
