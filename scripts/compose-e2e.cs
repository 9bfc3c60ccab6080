// The steps of scripts/compose-e2e. It is started by that script, with a stack that is up:
//
//   dotnet run scripts/compose-e2e.cs -- <port of the proxy> <API key> <compose command>
//
// The nodes listen on the three ports after the proxy's. One line a step; the first that fails ends the run.

#:property PublishAot=false

using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Net.WebSockets;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json.Nodes;

var port = int.Parse(args[0], CultureInfo.InvariantCulture);
var proxy = $"localhost:{port}";
var room = $"e2e-{Guid.NewGuid():n}";
using var publisher = new Publisher(new Uri($"http://{proxy}/api/v1/rooms/{room}/messages"), args[1]);
var compose = new Compose(args[2]);
Dictionary<string, Member> members = [];

await Step("a socket joins on every node, and one through the proxy", async () =>
{
    for (var n = 1; n <= 3; n++)
    {
        members[$"node{n}"] = await Member.JoinAsync($"127.0.0.1:{port + n}", room);
        Require($"node{n}", members[$"node{n}"].Node);
    }

    members["proxy"] = await Member.JoinAsync(proxy, room);
});

await Step("20 publishes through the proxy reach each of them, in order", async () =>
{
    for (var i = 0; i < 20; i++) await publisher.PublishAsync();
    foreach (var member in members.Values) await member.ReadThroughAsync(publisher.Published);
});

await Step("a stream of server-sent events through the proxy brings each publish when it is made", async () =>
{
    using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(15));
    using var http = new HttpClient();
    using var reader = new StreamReader(await http.GetStreamAsync(new Uri($"http://{proxy}/sse?rooms={room}"), patience.Token));
    await ReadToAsync("joined");
    // Each is there before the next one is published: a proxy that gathers what it passes on would hold back the first.
    for (var i = 0; i < 3; i++)
    {
        await publisher.PublishAsync();
        Require(publisher.Published, (int)(await ReadToAsync("message"))["payload"]!["number"]!);
    }

    async Task<JsonNode> ReadToAsync(string type)
    {
        while (true)
        {
            var line = await reader.ReadLineAsync(patience.Token) ?? throw new InvalidOperationException($"The stream ended before '{type}'.");
            if (line.StartsWith("data: ", StringComparison.Ordinal) && JsonNode.Parse(line[6..])! is var data && (string?)data["type"] == type)
                return data;
        }
    }
});

await Step("the tool in a node's container, with that node's own settings, sees all three", async () =>
{
    var told = await compose.RunAsync("exec -T node1 fanout nodes --json");
    var nodes = JsonNode.Parse(told[told.IndexOf('{', StringComparison.Ordinal)..])!["items"]!.AsArray();
    Require("node1 node2 node3", string.Join(' ', nodes.Select(node => (string)node!["name"]!).Order(StringComparer.Ordinal)));
});

await Step("the query of a request, where a token may be, is in no log", async () =>
{
    using var http = new HttpClient();
    await http.GetAsync(new Uri($"http://{proxy}/ws?access_token=e2e-not-for-logs"));
    // The proxy writes its line at the end of the session, and the engine passes it on when it likes.
    var deadline = Stopwatch.StartNew();
    string logs;
    while (!(logs = await compose.RunAsync("logs --no-color proxy node1 node2 node3")).Contains("GET /ws", StringComparison.Ordinal))
    {
        if (deadline.Elapsed > TimeSpan.FromSeconds(30)) throw new TimeoutException("No log told of the request within 30 s.");
        await Task.Delay(TimeSpan.FromMilliseconds(200), TimeProvider.System, CancellationToken.None);
    }

    Require(false, logs.Contains("e2e-not-for-logs", StringComparison.Ordinal));
});

await Step("node2 stops while publishes go on: its member is told, it ends by itself, and nobody else loses one or is refused", async () =>
{
    using var enough = new CancellationTokenSource();
    var stream = publisher.PublishUntilAsync(TimeSpan.FromMilliseconds(20), enough.Token);
    var goodbye = members["node2"].ReadToCloseAsync();
    await compose.RunAsync("stop node2");
    Require("drain, then 1001", await goodbye);
    Require("0", await compose.ExitCodeAsync("node2"));

    // The proxy's checks have seen it too by now; publish on for a while in which only two nodes are there.
    await Task.Delay(TimeSpan.FromSeconds(3), TimeProvider.System, CancellationToken.None);
    await enough.CancelAsync();
    await stream;
    await members["node1"].ReadThroughAsync(publisher.Published);
    await members["node3"].ReadThroughAsync(publisher.Published);
});

await Step("new sockets through the proxy go to the nodes that are left", async () =>
{
    for (var i = 0; i < 6; i++)
    {
        await using var member = await Member.JoinAsync(proxy, room);
        Require(true, member.Node is "node1" or "node3");
        await publisher.PublishAsync();
        await member.ReadThroughAsync(publisher.Published, from: publisher.Published);
    }
});

await Step("node2 comes back: the proxy finds it again, and its members hear the room", async () =>
{
    await compose.RunAsync("start node2");
    var deadline = Stopwatch.StartNew();
    while (true)
    {
        await using var member = await Member.JoinAsync(proxy, room);
        await publisher.PublishAsync();
        await member.ReadThroughAsync(publisher.Published, from: publisher.Published);
        if (member.Node == "node2") break;
        if (deadline.Elapsed > TimeSpan.FromSeconds(60)) throw new TimeoutException("No socket reached node2 within a minute.");
        await Task.Delay(TimeSpan.FromMilliseconds(200), TimeProvider.System, CancellationToken.None);
    }
});

foreach (var member in members.Values) await member.DisposeAsync();
return 0;

static async Task Step(string what, Func<Task> body)
{
    try
    {
        await body();
        Console.WriteLine($"ok   {what}");
    }
    catch (Exception e)
    {
        Console.WriteLine($"FAIL {what}");
        Console.WriteLine(e is OperationCanceledException ? "     It did not come in time." : $"     {e.GetType().Name}: {e.Message}");
        Environment.Exit(1);
    }
}

static void Require<T>(T expected, T actual, [CallerArgumentExpression(nameof(actual))] string? what = null)
{
    if (!EqualityComparer<T>.Default.Equals(expected, actual))
        throw new InvalidOperationException($"Expected {expected} but found {actual}: {what}");
}

/// <summary>Publishes 1, 2, 3 ... through the proxy; whatever is not a 200 is a failure.</summary>
internal sealed class Publisher : IDisposable
{
    private readonly HttpClient _http = new() { Timeout = TimeSpan.FromSeconds(10) };
    private readonly Uri _room;

    public Publisher(Uri room, string key)
    {
        _room = room;
        _http.DefaultRequestHeaders.Add("X-Api-Key", key);
    }

    public int Published { get; private set; }

    public async Task PublishAsync()
    {
        var number = Published + 1;
        using var response = await _http.PostAsJsonAsync(_room, new { number });
        if (response.StatusCode != HttpStatusCode.OK)
            throw new InvalidOperationException($"Publish {number}: {(int)response.StatusCode} {await response.Content.ReadAsStringAsync()}");
        Published = number;
    }

    public async Task PublishUntilAsync(TimeSpan interval, CancellationToken enough)
    {
        using var timer = new PeriodicTimer(interval);
        while (!enough.IsCancellationRequested)
        {
            await PublishAsync();
            await timer.WaitForNextTickAsync(CancellationToken.None);
        }
    }

    public void Dispose() => _http.Dispose();
}

/// <summary>Checks that numbers arrive as they were published: all of them, once, in order.</summary>
internal sealed class Sequence
{
    private int _last;

    public int Last => _last;

    public void StartAt(int number) => _last = number - 1;

    public void Take(JsonNode? message)
    {
        var number = (int)message!["payload"]!["number"]!;
        if (number != _last + 1 && _last != 0) throw new InvalidOperationException($"Message {number} came after {_last}.");
        _last = number;
    }
}

/// <summary>One WebSocket that is in the room. Every wait ends after 15 s.</summary>
internal sealed class Member : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);
    private readonly ClientWebSocket _socket = new();
    private readonly Sequence _sequence = new();
    private readonly byte[] _buffer = new byte[64 * 1024];
    private bool _sawDrain;

    /// <summary>The name of the node that it met.</summary>
    public string Node { get; private set; } = "";

    public static async Task<Member> JoinAsync(string address, string room)
    {
        using var patience = new CancellationTokenSource(Patience);
        var member = new Member();
        member._socket.Options.AddSubProtocol("fanout.v1.json");
        await member._socket.ConnectAsync(new Uri($"ws://{address}/ws"), patience.Token);
        var connected = await member.ReadAsync("connected", patience.Token);
        member.Node = (string?)connected!["payload"]?["node"] ?? "";
        var join = Encoding.UTF8.GetBytes($$"""{"type":"join","id":"1","room":"{{room}}"}""");
        await member._socket.SendAsync(join, WebSocketMessageType.Text, endOfMessage: true, patience.Token);
        await member.ReadAsync("joined", patience.Token);
        return member;
    }

    /// <summary>Reads on until <paramref name="number"/> has come; <paramref name="from"/> is the first that a new member must see.</summary>
    public async Task ReadThroughAsync(int number, int? from = null)
    {
        using var patience = new CancellationTokenSource(Patience);
        if (from is { } first) _sequence.StartAt(first);
        while (_sequence.Last < number)
            _sequence.Take(await ReadAsync("message", patience.Token) ?? throw new InvalidOperationException($"Closed after {_sequence.Last}."));
    }

    /// <summary>Reads to the end, which is the node's to choose, and says what it was.</summary>
    public async Task<string> ReadToCloseAsync()
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        while (await ReadAsync("message", patience.Token) is { } message) _sequence.Take(message);
        return $"{(_sawDrain ? "drain" : "no drain")}, then {(int?)_socket.CloseStatus}";
    }

    /// <summary>The next message of that type; other types that the service may send at any time are passed over. Null: closed.</summary>
    private async Task<JsonNode?> ReadAsync(string type, CancellationToken patience)
    {
        while (true)
        {
            var length = 0;
            ValueWebSocketReceiveResult part;
            do
            {
                part = await _socket.ReceiveAsync(_buffer.AsMemory(length), patience);
                if (part.MessageType == WebSocketMessageType.Close) return null;
                length += part.Count;
            }
            while (!part.EndOfMessage);

            var message = JsonNode.Parse(_buffer.AsSpan(0, length))!;
            var actual = (string?)message["type"];
            if (actual == type) return message;
            if (actual == "error") throw new InvalidOperationException(message.ToJsonString());
            _sawDrain |= actual == "drain";
        }
    }

    public ValueTask DisposeAsync()
    {
        _socket.Dispose();
        return ValueTask.CompletedTask;
    }
}

/// <summary>Runs `docker compose` as the script does.</summary>
internal sealed class Compose(string command)
{
    public Task<string> RunAsync(string arguments) => ShellAsync($"{command} {arguments} 2>&1");

    public Task<string> ExitCodeAsync(string service) =>
        ShellAsync($"docker inspect --format '{{{{.State.ExitCode}}}}' $({command} ps --all --quiet {service})");

    private static async Task<string> ShellAsync(string line)
    {
        using var process = Process.Start(new ProcessStartInfo("bash", ["-c", line]) { RedirectStandardOutput = true })!;
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return process.ExitCode == 0 ? output.Trim() : throw new InvalidOperationException($"{line}: {output}");
    }
}
