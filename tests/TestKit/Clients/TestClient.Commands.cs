using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Fanout.Tests.TestKit.Clients.Wire;
using Fanout.Tests.TestKit.Sockets;

namespace Fanout.Tests.TestKit.Clients;

public sealed partial class TestClient
{
    private int _lastId;

    /// <summary>Sends a message as it is, without an id of ours.</summary>
    /// <param name="message">A <see cref="JsonObject"/>, or anything that serializes to one.</param>
    public Task SendAsync(object message) => SendObjectAsync(ToObject(message));

    /// <summary>
    /// Gives the message an id and awaits the answer with that id, which may be an error. The message may bring its own id.
    /// </summary>
    public async Task<JsonObject> RequestAsync(object message, TimeSpan? deadline = null)
    {
        var request = ToObject(message);
        request["id"] ??= NewId();
        var id = request.Text("id");
        // Waited for before it can come, so that no request has to search through thousands of messages that nobody consumed.
        var answer = AnswerAsync(id, request, deadline);
        await SendObjectAsync(request);
        return (await answer).Json;
    }

    /// <summary>As the other, and fails unless the answer has this type.</summary>
    /// <exception cref="FanoutErrorException">The answer is an error.</exception>
    public async Task<JsonObject> RequestAsync(object message, string expected)
    {
        var answer = await RequestAsync(message);
        return answer.Text("type") switch
        {
            "error" when expected != "error" => throw new FanoutErrorException(answer),
            var type when type == expected => answer,
            _ => throw new InvalidOperationException($"Expected {expected}, and the node answered {answer.ToJsonString()}"),
        };
    }

    /// <summary>Sends what must fail, and returns the payload of the error: code, message, retryable.</summary>
    public async Task<JsonObject> RequestErrorAsync(object message) => (await RequestAsync(message, "error")).Payload();

    /// <returns><c>joined</c>; the missed messages, if any, follow as messages.</returns>
    public Task<JsonObject> JoinAsync(string room, object? payload = null) =>
        RequestAsync(Message("join", room, ToNode(payload)), "joined");

    /// <summary>Joins from a position.</summary>
    public Task<JsonObject> JoinSinceAsync(string room, string epoch, long offset) =>
        JoinAsync(room, new { since = new { epoch, offset } });

    public Task<JsonObject> LeaveAsync(string room) => RequestAsync(Message("leave", room), "left");

    /// <returns><c>published</c>.</returns>
    public Task<JsonObject> PublishAsync(string room, JsonNode? payload, bool? echo = null, string? key = null) =>
        RequestAsync(Publish(room, payload, echo, key), "published");

    /// <summary>Without an id: the node answers nothing on success, and an error without an id otherwise.</summary>
    public Task PublishWithoutAckAsync(string room, JsonNode? payload, bool? echo = null, string? key = null) =>
        SendObjectAsync(Publish(room, payload, echo, key));

    /// <summary>Publishes this very JSON text, for tests that compare payloads byte for byte. JSON clients only.</summary>
    public async Task<JsonObject> PublishRawAsync(string room, string payload)
    {
        var id = NewId();
        var text = $$"""{"type":"publish","id":"{{id}}","room":{{JsonSerializer.Serialize(room)}},"payload":{{payload}}}""";
        var answer = AnswerAsync(id, text, deadline: null);
        await Socket.SendTextAsync(text);
        var published = (await answer).Json;
        return published.Text("type") == "published" ? published : throw new FanoutErrorException(published);
    }

    /// <returns><c>presence</c>.</returns>
    public Task<JsonObject> PresenceAsync(string room, bool? count = null, string? after = null, int? limit = null) =>
        RequestAsync(Message("presence", room, Fields(("count", count), ("after", after), ("limit", limit))), "presence");

    /// <param name="since">As in a join: <c>new { epoch, offset }</c> or <c>new { last = 10 }</c>.</param>
    /// <returns><c>history</c>.</returns>
    public Task<JsonObject> HistoryAsync(string room, object? since = null, int? limit = null) =>
        RequestAsync(Message("history", room, Fields(("since", ToNode(since)), ("limit", limit))), "history");

    /// <returns><c>refreshed</c>.</returns>
    public Task<JsonObject> RefreshAsync(string token) =>
        RequestAsync(new JsonObject { ["type"] = "refresh", ["payload"] = new JsonObject { ["token"] = token } }, "refreshed");

    /// <summary>A ping of the contract, not of RFC 6455. Its answer tells that the node has read everything sent before.</summary>
    /// <returns><c>pong</c>.</returns>
    public Task<JsonObject> PingAsync() => RequestAsync(new JsonObject { ["type"] = "ping" }, "pong");

    // A message has an id too, by the service; it is never an answer.
    private Task<ReceivedMessage> AnswerAsync(string? id, object request, TimeSpan? deadline) =>
        _log.ConsumeNextAsync(
            answer => answer.Type != "message" && answer.Json.Text("id") == id,
            $"the answer to {request}", deadline ?? _options.Deadline, Describe);

    private Task SendObjectAsync(JsonObject message) => Socket.SendAsync(WebSocketFrames.Client(_wire.Opcode, _wire.Encode(message)));

    private string NewId() => "q" + Interlocked.Increment(ref _lastId).ToString(CultureInfo.InvariantCulture);

    private static JsonObject Publish(string room, JsonNode? payload, bool? echo, string? key)
    {
        // Unlike in the other commands a null payload is a payload.
        var message = Message("publish", room);
        message["payload"] = NodeCopy.Of(payload);
        if (echo is { } wanted)
            message["echo"] = wanted;
        if (key is not null)
            message["key"] = key;
        return message;
    }

    private static JsonObject Message(string type, string room, JsonNode? payload = null)
    {
        var message = new JsonObject { ["type"] = type, ["room"] = room };
        if (payload is not null)
            message["payload"] = payload;
        return message;
    }

    /// <summary>An object of the fields that are not null; null when none is left.</summary>
    private static JsonObject? Fields(params (string Name, JsonNode? Value)[] fields)
    {
        var present = fields.Where(field => field.Value is not null).Select(field => KeyValuePair.Create(field.Name, field.Value)).ToList();
        return present.Count == 0 ? null : new JsonObject(present);
    }

    private static JsonNode? ToNode(object? value) => value is JsonNode node ? NodeCopy.Of(node) : JsonSerializer.SerializeToNode(value);

    private static JsonObject ToObject(object message) => (JsonObject)ToNode(message)!;
}
