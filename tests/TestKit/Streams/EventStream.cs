using System.Net;
using System.Net.Sockets;
using Fanout.Tests.TestKit.Clients;

namespace Fanout.Tests.TestKit.Streams;

/// <summary>A reader of <c>/sse</c> that keeps everything it got.</summary>
public sealed class EventStream : IAsyncDisposable
{
    private readonly HttpClient _http;
    private readonly HttpResponseMessage _response;
    private readonly EventStreamOptions _options;
    private readonly EventParser _parser = new();
    private readonly List<StreamEvent> _events = [];
    private readonly HashSet<StreamEvent> _taken = new(ReferenceEqualityComparer.Instance);
    private readonly CancellationTokenSource _stop = new();
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private TaskCompletionSource _reading = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private bool _isDisposed;
    private Task<StreamEnd> _end = Task.FromResult(StreamEnd.Finished);

    private EventStream(HttpClient http, HttpResponseMessage response, EventStreamOptions options) =>
        (_http, _response, _options) = (http, response, options);

    public HttpStatusCode Status => _response.StatusCode;

    /// <summary>The body of an answer that is no stream.</summary>
    public string Body { get; private set; } = "";

    public bool IsStream => Status == HttpStatusCode.OK && Header("Content-Type") == "text/event-stream";

    /// <summary>All events so far.</summary>
    public IReadOnlyList<StreamEvent> Events
    {
        get
        {
            lock (_events)
                return [.. _events];
        }
    }

    /// <summary>The room's messages so far.</summary>
    public IReadOnlyList<StreamEvent> Messages(string room) => [.. Events.Where(e => e.Name == "message" && e.Message.Text("room") == room)];

    /// <summary>What a browser would send in Last-Event-ID.</summary>
    public string LastEventId => _parser.LastEventId;

    public long? RetryMs => _parser.RetryMs;

    public int Comments => _parser.Comments;

    /// <summary>How the stream ended; waits for it.</summary>
    public Task<StreamEnd> EndAsync(TimeSpan? deadline = null) => _end.WithDeadline("the end of the stream", deadline, Seen);

    /// <summary>Sends the request and waits for the head of the answer; a refusal is read to its end.</summary>
    public static async Task<EventStream> OpenAsync(Uri baseUri, EventStreamOptions? options = null)
    {
        options ??= new EventStreamOptions();
        // No proxy of the environment stands between a test and its node.
        var handler = new SocketsHttpHandler { UseProxy = false, ConnectCallback = (context, cancelled) => ConnectAsync(context.DnsEndPoint, options, cancelled) };
        if (options.Tls is { } tls)
            handler.SslOptions = tls;
        var http = new HttpClient(handler) { Timeout = Timeout.InfiniteTimeSpan };
        using var request = Request(baseUri, options);
        var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead).WithDeadline("the answer of /sse", context: options.Context);
        var stream = new EventStream(http, response, options);
        if (!options.Paused)
            stream.ResumeReading();
        if (stream.IsStream)
            stream._end = Task.Run(stream.PumpAsync);
        else
            stream.Body = await response.Content.ReadAsStringAsync().WithDeadline("the body of a refusal", context: options.Context);
        return stream;
    }

    public string? Header(string name) =>
        _response.Headers.TryGetValues(name, out var values) || _response.Content.Headers.TryGetValues(name, out values) ? string.Join(", ", values) : null;

    public void PauseReading() => _reading = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public void ResumeReading() => _reading.TrySetResult();

    /// <summary>The first event, old or new, that fits and was not returned before.</summary>
    public async Task<StreamEvent> ExpectAsync(Func<StreamEvent, bool> wanted, string what, TimeSpan? deadline = null)
    {
        return await Deadlines.RunAsync(
            async cancelled =>
            {
                while (true)
                {
                    Task changed;
                    lock (_events)
                    {
                        if (_events.Find(e => wanted(e) && !_taken.Contains(e)) is { } found)
                        {
                            _taken.Add(found);
                            return found;
                        }

                        if (_end.IsCompleted)
                            throw new InvalidOperationException($"The stream ended before {what} came.{Environment.NewLine}{Seen()}");
                        changed = _changed.Task;
                    }

                    await Task.WhenAny(changed, _end).WaitAsync(cancelled);
                }
            },
            what, deadline, Seen);
    }

    public Task<StreamEvent> ExpectAsync(string name, string? room = null, TimeSpan? deadline = null) =>
        ExpectAsync(e => e.Name == name && (room is null || e.Message.Text("room") == room), $"{name} {room}", deadline);

    /// <summary>Waits until so many messages of the room are there; returns all of them.</summary>
    public async Task<IReadOnlyList<StreamEvent>> MessagesAsync(string room, int count, TimeSpan? deadline = null)
    {
        await Eventually.TrueAsync(() => Messages(room).Count >= count, $"{count} messages of {room}", deadline, Seen);
        return Messages(room);
    }

    public async ValueTask DisposeAsync()
    {
        if (_isDisposed)
            return;
        _isDisposed = true;
        await _stop.CancelAsync();
        ResumeReading();
        _response.Dispose();
        _http.Dispose();
        await _end.WithDeadline("the end of the reader");
        _stop.Dispose();
    }

    private async Task<StreamEnd> PumpAsync()
    {
        try
        {
            await using var body = await _response.Content.ReadAsStreamAsync(_stop.Token);
            await using var gated = new GatedStream(body, () => _reading.Task);
            using var lines = new StreamReader(gated);
            while (await lines.ReadLineAsync(_stop.Token) is { } line)
            {
                lock (_events)
                {
                    if (_parser.Take(line) is not { } complete)
                        continue;
                    _events.Add(complete);
                    _changed.TrySetResult();
                    _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
                }
            }

            return StreamEnd.Finished;
        }
        catch (Exception e) when (e is IOException or HttpRequestException or OperationCanceledException or ObjectDisposedException)
        {
            return StreamEnd.Cut;
        }
    }

    private string Seen() =>
        $"events: {string.Join(Environment.NewLine, Events.TakeLast(20))}{Environment.NewLine}{_options.Context?.Invoke()}";

    private static HttpRequestMessage Request(Uri baseUri, EventStreamOptions options)
    {
        var query = string.Join('&', new[] { options.Rooms is null ? null : "rooms=" + Uri.EscapeDataString(options.Rooms), options.Query }.Where(part => part is not null));
        var request = new HttpRequestMessage(HttpMethod.Get, new Uri(baseUri, "/sse" + (query.Length == 0 ? "" : "?" + query)))
        {
            Version = options.Version,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        request.Headers.Add("Accept", "text/event-stream");
        if (options.Token is { } token)
            request.Headers.Add("Authorization", "Bearer " + token);
        if (options.LastEventId is { } id)
            request.Headers.TryAddWithoutValidation("Last-Event-ID", id);
        foreach (var (name, value) in options.Headers)
            request.Headers.TryAddWithoutValidation(name, value);
        return request;
    }

    private static async ValueTask<Stream> ConnectAsync(DnsEndPoint endPoint, EventStreamOptions options, CancellationToken cancelled)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            if (options.ReceiveBufferBytes is { } size)
                socket.ReceiveBufferSize = size;
            await socket.ConnectAsync(endPoint, cancelled);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    // Reads nothing while the gate is shut, not even into a buffer.
    private sealed class GatedStream(Stream inner, Func<Task> gate) : Stream
    {
        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            await gate().WaitAsync(cancellationToken);
            return await inner.ReadAsync(buffer, cancellationToken);
        }

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override void Flush() => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}

/// <summary>How a stream ended.</summary>
public enum StreamEnd
{
    /// <summary>As HTTP ends a response: nothing was cut off.</summary>
    Finished,

    /// <summary>The connection broke.</summary>
    Cut,
}
