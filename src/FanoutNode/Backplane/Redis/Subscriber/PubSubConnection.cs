using System.Buffers;
using System.IO.Pipelines;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Text;
using StackExchange.Redis;

namespace Fanout.Node.Backplane.Redis.Subscriber;

/// <summary>Takes what a <see cref="PubSubConnection"/> reads; called on its read loop, which it must not hold up.</summary>
internal interface IPubSubHandler
{
    void OnReply(in PubSubReply reply);
}

/// <summary>One connection to Redis in subscribe mode (RESP2).</summary>
/// <remarks>
/// Our own instead of the library's, for four reasons: messages come in order on one loop and not through a thread pool item or a queue
/// each; a subscription is confirmed, so that "joined" can mean it; many channels go in one command; and it can be dropped and made
/// again when the probe says that it is dead (docs/decisions/0002). Commands are written by <see cref="Send"/> from any thread.
/// </remarks>
internal sealed class PubSubConnection : IAsyncDisposable
{
    private const int ReadBufferBytes = 64 * 1024;

    private readonly Stream _stream;
    private readonly Socket _socket;
    private readonly Lock _sending = new();
    private readonly SemaphoreSlim _toWrite = new(0, 1);
    private readonly CancellationTokenSource _ending = new();
    private ArrayBufferWriter<byte> _outgoing = new(4096);
    private ArrayBufferWriter<byte> _writing = new(4096);

    private PubSubConnection(Socket socket, Stream stream)
    {
        _socket = socket;
        _stream = stream;
    }

    /// <summary>Connects and logs in.</summary>
    /// <exception cref="IOException">It did not work; also <see cref="SocketException"/>, AuthenticationException or TimeoutException.</exception>
    public static async Task<PubSubConnection> ConnectAsync(EndPoint endPoint, ConfigurationOptions configuration, TimeProvider time, CancellationToken cancellation)
    {
        using var timeout = new CancellationTokenSource(TimeSpan.FromMilliseconds(configuration.ConnectTimeout), time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellation);
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
            await socket.ConnectAsync(endPoint, either.Token);
            Stream stream = new NetworkStream(socket, ownsSocket: true);
            if (configuration.Ssl)
                stream = await SecureAsync(stream, endPoint, configuration, either.Token);
            var connection = new PubSubConnection(socket, stream);
            connection.LogIn(configuration);
            return connection;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>Reads and writes until the connection ends, and then throws or returns.</summary>
    public async Task RunAsync(IPubSubHandler handler)
    {
        var writing = WriteLoopAsync();
        try
        {
            await ReadLoopAsync(handler);
        }
        finally
        {
            await _ending.CancelAsync();
            await writing.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>Queues a command. What is queued while a write is under way leaves together with the next one.</summary>
    public void Send(string command, IReadOnlyCollection<string> arguments)
    {
        lock (_sending)
        {
            WriteCommand(_outgoing, command, arguments);
            if (_toWrite.CurrentCount == 0)
                _toWrite.Release();
        }
    }

    /// <summary>Ends the connection at once; the loops end with it.</summary>
    public void Abort() => _socket.Dispose();

    public async ValueTask DisposeAsync()
    {
        await _ending.CancelAsync();
        await _stream.DisposeAsync();
        _ending.Dispose();
    }

    private static async Task<Stream> SecureAsync(Stream stream, EndPoint endPoint, ConfigurationOptions configuration, CancellationToken cancellation)
    {
        var tls = new SslStream(stream);
        var host = configuration.SslHost ?? (endPoint as DnsEndPoint)?.Host ?? (endPoint as IPEndPoint)?.Address.ToString() ?? "";
        var options = new SslClientAuthenticationOptions { TargetHost = host };
        if (configuration.SslProtocols is { } protocols)
            options.EnabledSslProtocols = protocols;
        await tls.AuthenticateAsClientAsync(options, cancellation);
        return tls;
    }

    private void LogIn(ConfigurationOptions configuration)
    {
        // Answered with OK or an error in order, before the first subscription is confirmed.
        if (!string.IsNullOrEmpty(configuration.Password))
            Send("AUTH", string.IsNullOrEmpty(configuration.User) ? [configuration.Password] : [configuration.User, configuration.Password]);
        if (!string.IsNullOrEmpty(configuration.ClientName))
            Send("CLIENT", ["SETNAME", configuration.ClientName + "-sub"]);
    }

    private async Task ReadLoopAsync(IPubSubHandler handler)
    {
        var input = PipeReader.Create(_stream, new StreamPipeReaderOptions(bufferSize: ReadBufferBytes, leaveOpen: true));
        while (true)
        {
            var result = await input.ReadAsync();
            var rest = Handle(result.Buffer, handler);
            input.AdvanceTo(rest, result.Buffer.End);
            if (result.IsCompleted)
                return;
        }
    }

    private static SequencePosition Handle(ReadOnlySequence<byte> buffer, IPubSubHandler handler)
    {
        while (true)
        {
            var reply = PubSubReplyReader.Read(ref buffer);
            if (reply.Kind == PubSubReplyKind.None)
                return buffer.Start;
            handler.OnReply(reply);
        }
    }

    private async Task WriteLoopAsync()
    {
        try
        {
            while (true)
            {
                await _toWrite.WaitAsync(_ending.Token);
                lock (_sending)
                    (_outgoing, _writing) = (_writing, _outgoing);
                await _stream.WriteAsync(_writing.WrittenMemory, _ending.Token);
                _writing.ResetWrittenCount();
            }
        }
        catch (Exception)
        {
            // The reader sees the same end and reports it; make sure that it does, whatever it was: a connection that can no longer subscribe
            // would look alive.
            Abort();
        }
    }

    private static void WriteCommand(ArrayBufferWriter<byte> output, string command, IReadOnlyCollection<string> arguments)
    {
        output.Write(Encoding.ASCII.GetBytes($"*{arguments.Count + 1}\r\n"));
        WriteBulk(output, command);
        foreach (var argument in arguments)
            WriteBulk(output, argument);
    }

    private static void WriteBulk(ArrayBufferWriter<byte> output, string text)
    {
        output.Write(Encoding.ASCII.GetBytes($"${Encoding.UTF8.GetByteCount(text)}\r\n"));
        output.Write(Encoding.UTF8.GetBytes(text));
        output.Write("\r\n"u8);
    }
}
