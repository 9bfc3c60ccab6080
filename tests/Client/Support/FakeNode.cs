using Fanout.Client;
using Fanout.Client.Connection;
using Fanout.Client.Threading;
using Microsoft.Extensions.Time.Testing;

namespace Fanout.Tests.Client.Support;

/// <summary>A client whose sockets and clock belong to the test: everything that can happen has happened when a call returns.</summary>
internal sealed class FakeNode : ISocketFactory
{
    private readonly bool _showsPings;

    public FakeNode(FanoutClientOptions? options = null, double random = 1, bool showsPings = false)
    {
        _showsPings = showsPings;
        options ??= new FanoutClientOptions();
        if (options.Url is null && options.Urls.Count == 0)
            options = options with { Url = "ws://node.test" };
        Client = new FanoutClient(new Settings(options with { TimeProvider = Clock }, () => random), new Turns(work => work()), this);
        Client.Failed += Errors.Add;
    }

    public FakeTimeProvider Clock { get; } = new(DateTimeOffset.FromUnixTimeMilliseconds(1_800_000_000_000));

    public FanoutClient Client { get; }

    public List<FanoutException> Errors { get; } = [];

    public List<FakeSocket> Sockets { get; } = [];

    /// <summary>The newest.</summary>
    public FakeSocket Socket => Sockets.Count > 0 ? Sockets[^1] : throw new InvalidOperationException("The client has opened no socket.");

    ISocket ISocketFactory.Open(SocketTarget target, ISocketHandler handler)
    {
        var socket = new FakeSocket(target, handler, _showsPings);
        Sockets.Add(socket);
        return socket;
    }

    /// <summary>A millisecond at a time: the clock's timers see the time at its end, and what they set begins there.</summary>
    public void Advance(long milliseconds)
    {
        // What is due at once is due in a tick.
        Clock.Advance(TimeSpan.FromTicks(1));
        for (; milliseconds > 0; milliseconds--)
            Clock.Advance(TimeSpan.FromMilliseconds(1));
        Clock.Advance(TimeSpan.FromTicks(1));
    }

    public void Advance(TimeSpan time) => Advance((long)time.TotalMilliseconds);

    /// <summary>Connects, and lets the client in.</summary>
    public Task<FanoutConnectionInfo> Connect(System.Text.Json.Nodes.JsonObject? connected = null)
    {
        var connecting = Client.ConnectAsync();
        Socket.Accept(connected);
        return connecting;
    }

    /// <summary>Joins a room of this connection, at a position.</summary>
    public void Join(string room, long offset = 0)
    {
        _ = Client.Room(room).JoinAsync();
        Answer("join", $$$"""{"type":"joined","id":"$","room":"{{{room}}}","payload":{"epoch":"E","offset":{{{offset}}},"recovered":false,"count":1}}""");
    }

    /// <summary>Answers the next message of the client, which is of this type; <c>$</c> is its id.</summary>
    public void Answer(string type, string message) =>
        Socket.Say(message.Replace("\"$\"", $"\"{(string)Socket.Next(type)["id"]!}\"", StringComparison.Ordinal));

    public void Message(string room, long offset, string payload = "null") =>
        Socket.Say($$"""{"type":"message","room":"{{room}}","id":"m{{offset}}","offset":{{offset}},"timestamp":1800000000000,"payload":{{payload}}}""");
}
