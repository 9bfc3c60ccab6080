using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using System.Web;
using Fanout.Client.Connection;

namespace Fanout.Tests.Client.Support;

/// <summary>A socket whose other end is the test. It speaks JSON.</summary>
internal sealed class FakeSocket(SocketTarget target, ISocketHandler handler, bool showsPings) : ISocket
{
    private bool _isOver;

    public bool ShowsPings => showsPings;

    public bool IsPaused { get; set; }

    public Uri Address => target.Address;

    public string? Token => target.Token;

    /// <summary>Items of <c>rooms=</c>.</summary>
    public string[] Rooms =>
        (HttpUtility.ParseQueryString(target.Address.Query)["rooms"] ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries);

    /// <summary>What the client has sent and the test has not looked at.</summary>
    public Queue<JsonObject> Heard { get; } = [];

    public List<string> Frames { get; } = [];

    public int? ClosedByClient { get; private set; }

    public void Send(ReadOnlyMemory<byte> frame)
    {
        if (ClosedByClient is not null || _isOver)
            return;
        var text = Encoding.UTF8.GetString(frame.Span);
        Frames.Add(text);
        Heard.Enqueue(JsonNode.Parse(text)!.AsObject());
    }

    public void Close(int code) => ClosedByClient = code;

    public void Abandon(int code) => ClosedByClient ??= code;

    /// <summary>Opens and says <c>connected</c>.</summary>
    public void Accept(JsonObject? fields = null)
    {
        var welcome = JsonNode.Parse(
            """
            {"clientId":"c1","node":"fake","heartbeat":{"intervalMs":30000,"timeoutMs":45000},
             "limits":{"maxMessageBytes":1048576,"messagesPerSecond":100,"maxRooms":100},"backplane":"healthy","rooms":[]}
            """)!.AsObject();
        foreach (var (name, value) in fields ?? [])
            welcome[name] = value?.DeepClone();
        Say(new JsonObject { ["type"] = "connected", ["payload"] = welcome });
    }

    public void Say(JsonNode message) => Say(message.ToJsonString());

    public void Say(string message) => handler.Received(this, Encoding.UTF8.GetBytes(message));

    public void Ping() => handler.Pinged(this);

    /// <summary>The end, by a close frame or without one (1006).</summary>
    public void End(int code = Ending.Abnormal, string reason = "") => End(new Ending(code, reason));

    public void Refuse(HttpStatusCode status, TimeSpan? retryAfter = null) => End(new Ending(Ending.Abnormal, $"HTTP {(int)status}", status, retryAfter));

    /// <summary>The next message that the client sent.</summary>
    public JsonObject Next(string? type = null)
    {
        if (!Heard.TryDequeue(out var message))
            throw new InvalidOperationException($"The client sent nothing, a {type ?? "message"} is due.");
        return type is null || (string?)message["type"] == type ? message : throw new InvalidOperationException($"The client sent {message.ToJsonString()}, a {type} is due.");
    }

    private void End(Ending ending)
    {
        _isOver = true;
        handler.Ended(this, ending);
    }
}
