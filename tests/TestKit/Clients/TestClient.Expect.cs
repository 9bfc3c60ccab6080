using System.Text.Json.Nodes;

namespace Fanout.Tests.TestKit.Clients;

public sealed partial class TestClient
{
    private int _pings;

    /// <summary>Every message so far, in order.</summary>
    public IReadOnlyList<ReceivedMessage> Received => _log.Snapshot();

    /// <summary>Those that no expectation has consumed.</summary>
    public IReadOnlyList<ReceivedMessage> Unconsumed => _log.Unconsumed();

    /// <summary>How many WebSocket pings the node has sent.</summary>
    public int Pings => Volatile.Read(ref _pings);

    /// <summary>Consumes the first unconsumed message, come already or yet to come, that fits; the others stay queued.</summary>
    public async Task<JsonObject> ExpectAsync(Func<JsonObject, bool> predicate, string what, TimeSpan? deadline = null) =>
        (await ConsumeAsync(message => predicate(message.Json), what, deadline)).Json;

    public async Task<JsonObject> ExpectTypeAsync(string type, string? room = null, TimeSpan? deadline = null) =>
        (await ExpectRawAsync(type, room, deadline)).Json;

    /// <summary>As <see cref="ExpectTypeAsync"/>, with the bytes.</summary>
    public Task<ReceivedMessage> ExpectRawAsync(string type, string? room = null, TimeSpan? deadline = null) =>
        ConsumeAsync(
            message => message.Type == type && (room is null || message.Room == room),
            room is null ? type : $"{type} of room {room}", deadline);

    /// <summary>All <c>message</c>s of the room so far, consumed or not.</summary>
    public IReadOnlyList<JsonObject> Messages(string room) => [.. RawMessages(room).Select(message => message.Json)];

    public IReadOnlyList<ReceivedMessage> RawMessages(string room) => _log.Snapshot(IsMessageOf(room));

    /// <summary>The payloads of the room's messages as they were on the wire.</summary>
    public IReadOnlyList<ReadOnlyMemory<byte>> RawPayloads(string room) =>
        [.. RawMessages(room).Select(message => message.RawPayload ?? throw new InvalidOperationException($"No payload in {message}"))];

    /// <summary>Waits until at least that many <c>message</c>s of the room have come in all, and returns all of them.</summary>
    public async Task<IReadOnlyList<JsonObject>> WaitForMessagesAsync(string room, int count, TimeSpan? deadline = null)
    {
        var messages = await _log.CountAsync(
            IsMessageOf(room), count, $"{count} messages of room {room}", deadline ?? _options.Deadline,
            () => $"There are {RawMessages(room).Count}. {Describe()}");
        return [.. messages.Select(message => message.Json)];
    }

    private Task<ReceivedMessage> ConsumeAsync(Func<ReceivedMessage, bool> wanted, string what, TimeSpan? deadline) =>
        _log.ConsumeAsync(wanted, what, deadline ?? _options.Deadline, Describe);

    private static Func<ReceivedMessage, bool> IsMessageOf(string room) => message => message.Type == "message" && message.Room == room;

    /// <summary>For failures: what came last, and what the test knows besides.</summary>
    private string Describe()
    {
        var unconsumed = Unconsumed;
        var lines = Received.TakeLast(20).Select(message => $"  {(unconsumed.Contains(message) ? "unconsumed" : "consumed  ")} {message}");
        var text = $"The last of {Received.Count} messages received:{Environment.NewLine}{string.Join(Environment.NewLine, lines)}";
        return _options.Context is { } context ? $"{text}{Environment.NewLine}{context()}" : text;
    }
}
