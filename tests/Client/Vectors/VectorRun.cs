using System.Net;
using System.Text.Json.Nodes;
using Fanout.Client;
using Fanout.Tests.Client.Support;
using Xunit;

namespace Fanout.Tests.Client.Vectors;

/// <summary>Replays one vector; docs/protocol-vectors/README.md says what each step means.</summary>
internal sealed class VectorRun
{
    private readonly FakeNode _node;
    private readonly VectorMatch _match = new();
    private readonly Dictionary<string, FanoutRoom<FanoutPayload>> _rooms = [];

    // What the application saw and the vector has not asked about: the client, each room.
    private readonly Dictionary<string, Queue<JsonObject>> _seen = [];

    // What publishes and requests came to, where the vector has not asked.
    private readonly Dictionary<string, Task<JsonNode?>> _outcomes = [];
    private int _handshakes;

    public VectorRun(JsonObject given)
    {
        var tokens = given["tokens"] is JsonArray list ? new Queue<string>(list.Select(token => (string)token!)) : null;
        var options = new FanoutClientOptions
        {
            Token = (string?)given["token"],
            TokenProvider = tokens is null ? null : (_, _) => ValueTask.FromResult<string?>(tokens.Count > 1 ? tokens.Dequeue() : tokens.Peek()),
        };
        foreach (var (name, value) in given)
        {
            options = name switch
            {
                "maxBufferedPublishes" => options with { MaxBufferedPublishes = (int)value! },
                "publishRetryMs" => options with { PublishRetry = TimeSpan.FromMilliseconds((int)value!) },
                "requestTimeoutMs" => options with { RequestTimeout = TimeSpan.FromMilliseconds((int)value!) },
                "reconnect" => Reconnecting(options, value!.AsObject()),
                "random" or "showsPings" or "token" or "tokens" => options,
                _ => throw new InvalidOperationException($"an unknown setting, {name}"),
            };
        }

        _node = new FakeNode(options, (double?)given["random"] ?? 1, (bool?)given["showsPings"] ?? false);
        _node.Client.Failed += error => Saw("client", new JsonObject { ["event"] = "error", ["code"] = error.Code });
        _node.Client.Closed += error => Saw("client", new JsonObject { ["event"] = "closed", ["code"] = error.Code });
        _node.Client.BackplaneChanged += state => Saw("client", new JsonObject { ["event"] = "backplane", ["state"] = Lower(state) });
    }

    public void Step(JsonObject step)
    {
        if (step["time"] is { } time)
            _node.Advance((long)time);
        else if (step["node"] is { } node)
            NodeStep((string)node!, step);
        else if ((string?)step["app"] == "sees")
            Sees(step);
        else
            AppStep((string)step["app"]!, step);
    }

    public void End()
    {
        Assert.Empty(_handshakes > 0 ? _node.Sockets.SelectMany(socket => socket.Heard).Select(message => message.ToJsonString()) : []);
        Assert.Equal(_handshakes, _node.Sockets.Count);
        Assert.Empty(_seen.SelectMany(room => room.Value.Select(seen => $"{room.Key}: {seen.ToJsonString()}")));
        Assert.Empty(_outcomes.Where(outcome => outcome.Value.IsCompleted).Select(outcome => outcome.Key));
    }

    private void NodeStep(string node, JsonObject step)
    {
        switch (node)
        {
            case "sees" when step["handshake"] is JsonObject handshake:
                Assert.Equal(++_handshakes, _node.Sockets.Count);
                if (handshake["rooms"] is JsonArray rooms)
                    Assert.Equal(rooms.Select(room => (string)_match.Filled(room)!).Order(), _node.Socket.Rooms.Order());
                if (handshake["token"] is { } token)
                    Assert.Equal((string?)token, _node.Socket.Token);
                break;
            case "sees":
                Assert.Equal(_handshakes, _node.Sockets.Count);
                break;
            case "accepts":
                _node.Socket.Accept(step["connected"]?.AsObject());
                break;
            case "refuses":
                _node.Socket.Refuse((HttpStatusCode)(int)step["status"]!, step["retryAfter"] is { } seconds ? TimeSpan.FromSeconds((int)seconds) : null);
                break;
            case "says":
                _node.Socket.Say(_match.Filled(step["message"])!);
                break;
            case "hears" when step["message"] is JsonObject message:
                _match.Match(_node.Socket.Next(), message, "message");
                break;
            case "hears":
                Assert.Empty(_node.Socket.Heard.Select(message => message.ToJsonString()));
                break;
            case "closes":
                _node.Socket.End((int)step["code"]!);
                break;
            case "closed":
                Assert.Equal((int)step["code"]!, _node.Socket.ClosedByClient);
                break;
            default:
                throw new InvalidOperationException("an unknown step");
        }
    }

    private void AppStep(string app, JsonObject step)
    {
        var room = (string?)step["room"] ?? "";
        var options = step["options"]?.AsObject() ?? [];
        switch (app)
        {
            case "connects":
                _ = _node.Client.ConnectAsync();
                break;
            case "closes":
                _ = _node.Client.CloseAsync();
                break;
            case "joins":
                var joining = Room(room, RoomOptions(options)).JoinAsync();
                if (step["as"] is null)
                    joining.Forget();
                else
                    Outcome(step, joining, joined => joined.Room);
                break;
            case "leaves":
                _ = Room(room).LeaveAsync();
                break;
            case "publishes":
                Outcome(step, _node.Client.PublishAsync(room, FanoutPayload.FromJson(step["payload"]!.ToJsonString()), PublishOptions(options)), ToJson);
                break;
            case "requests":
                Assert.Empty(options);
                Outcome(
                    step, _node.Client.RequestAsync((string)step["method"]!, FanoutPayload.FromJson(step["payload"]!.ToJsonString())),
                    answer => JsonNode.Parse(answer.ToString()));
                break;
            case "reads":
                Assert.Empty(options);
                Outcome(step, Room(room).GetHistoryAsync(), ToJson);
                break;
            default:
                throw new InvalidOperationException("an unknown step");
        }
    }

    private void Sees(JsonObject step)
    {
        if ((string?)step["outcome"] is { } outcome)
        {
            SeesOutcome(outcome, step);
            return;
        }

        var where = (string?)step["room"] ?? "client";
        if (step["state"] is { } state && step["event"] is null)
        {
            Assert.Equal((string?)state, Lower(_node.Client.State));
        }
        else if (step["members"] is JsonArray members)
        {
            Assert.Equal(members.Select(member => (string)member!), Room(where).Members.Keys.Order(StringComparer.Ordinal));
        }
        else if (step["event"] is JsonValue none && none.TryGetValue(out bool _))
        {
            Assert.Empty(_seen.GetValueOrDefault(where, []).Select(seen => seen.ToJsonString()));
        }
        else
        {
            if (!_seen.GetValueOrDefault(where, []).TryDequeue(out var seen))
                throw new InvalidOperationException($"nothing was seen of {where}");
            _match.Match(seen, Without(step, "app", "room"), where);
        }
    }

    private void SeesOutcome(string name, JsonObject step)
    {
        var task = _outcomes[name];
        if (step["event"] is not null)
        {
            Assert.False(task.IsCompleted);
            return;
        }

        // Settled at once, but for what continues on the thread pool behind it.
        if (!((IAsyncResult)task).AsyncWaitHandle.WaitOne(TimeSpan.FromSeconds(10)))
            throw new InvalidOperationException($"{name} has no outcome");
        _outcomes.Remove(name);
        var seen = task.IsFaulted
            ? new JsonObject { ["error"] = ((FanoutException)task.Exception.InnerException!).Code }
            : new JsonObject { ["result"] = task.GetAwaiter().GetResult() };
        _match.Match(seen, Without(step, "app", "outcome"), name);
    }

    private void Outcome<T>(JsonObject step, Task<T> task, Func<T, JsonNode?> toJson) => _outcomes.Add((string)step["as"]!, ConvertAsync(task, toJson));

    private static async Task<JsonNode?> ConvertAsync<T>(Task<T> task, Func<T, JsonNode?> toJson) => toJson(await task);

    private FanoutRoom<FanoutPayload> Room(string name, FanoutRoomOptions? options = null)
    {
        var room = _node.Client.Room(name, options);
        if (!_rooms.TryAdd(name, room))
            return room;
        _node.Client.MessageReceived += message =>
        {
            if (message.Room == name)
                Saw(name, new JsonObject { ["event"] = "message", ["payload"] = JsonNode.Parse(message.Payload.ToString()) });
        };
        room.Joined += joined =>
        {
            if (joined.IsFirst)
                Saw(name, new JsonObject { ["event"] = "joined" });
        };
        room.Recovered += _ => Saw(name, new JsonObject { ["event"] = "recovered" });
        room.Reset += reset => Saw(name, new JsonObject { ["event"] = "reset", ["reason"] = reset.Reason == FanoutResetReason.Reset ? "reset" : "not_recovered" });
        room.Removed += removed => Saw(name, new JsonObject { ["event"] = "left", ["reason"] = removed.Reason });
        return room;
    }

    private void Saw(string where, JsonObject seen)
    {
        if (!_seen.TryGetValue(where, out var queue))
            _seen.Add(where, queue = []);
        queue.Enqueue(seen);
    }

    private static FanoutClientOptions Reconnecting(FanoutClientOptions options, JsonObject reconnect)
    {
        foreach (var (name, value) in reconnect)
        {
            options = name switch
            {
                "minDelayMs" => options with { MinDelay = TimeSpan.FromMilliseconds((int)value!) },
                "maxDelayMs" => options with { MaxDelay = TimeSpan.FromMilliseconds((int)value!) },
                "minUptimeMs" => options with { MinUptime = TimeSpan.FromMilliseconds((int)value!) },
                "maxAttempts" => options with { MaxAttempts = (int)value! },
                _ => throw new InvalidOperationException($"an unknown setting, reconnect.{name}"),
            };
        }

        return options;
    }

    private static FanoutRoomOptions RoomOptions(JsonObject options) => new()
    {
        Presence = (bool?)options["presence"] ?? false,
        Last = (int?)options["last"],
        Since = options["since"] is { } since ? new FanoutPosition((string)since["epoch"]!, (long)since["offset"]!) : null,
    };

    private static FanoutPublishOptions PublishOptions(JsonObject options) => new()
    {
        Key = (string?)options["key"],
        Echo = (bool?)options["echo"] ?? true,
        Timeout = options["timeoutMs"] is { } timeout ? TimeSpan.FromMilliseconds((int)timeout) : null,
    };

    private static JsonObject ToJson(FanoutPublished published)
    {
        var json = new JsonObject { ["room"] = published.Room, ["messageId"] = published.MessageId, ["duplicate"] = published.IsDuplicate };
        if (published.Offset is { } offset)
            json["offset"] = offset;
        if (published.Epoch is { } epoch)
            json["epoch"] = epoch;
        return json;
    }

    private static JsonObject ToJson(FanoutHistoryPage<FanoutPayload> page)
    {
        var json = new JsonObject { ["messages"] = new JsonArray([.. page.Messages.Select(message => JsonNode.Parse(message.Payload.ToString()))]) };
        if (page.Position is { } position)
            json["position"] = new JsonObject { ["epoch"] = position.Epoch, ["offset"] = position.Offset };
        return json;
    }

    private static JsonObject Without(JsonObject step, params string[] names) =>
        new(step.Where(field => !names.Contains(field.Key)).Select(field => KeyValuePair.Create(field.Key, field.Value?.DeepClone())));

    private static string Lower<T>(T value) where T : struct, Enum => value.ToString().ToLowerInvariant();
}
