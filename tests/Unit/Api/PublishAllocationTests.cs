using System.Globalization;
using System.Net.Sockets;
using System.Text;
using Fanout.Node.Hosting;
using Fanout.Tests.TestKit;
using Xunit;

namespace Fanout.Tests.Unit.Api;

/// <summary>What a publish by HTTP allocates in a node, from Kestrel to the backplane in memory and back. Nothing else runs beside it.</summary>
[Collection(Alone)]
public sealed class PublishAllocationTests
{
    private const string Alone = "alone in the process";
    private const int Rounds = 1000;

    // The payload is copied once, into what the backplane is given; and what else is made is bounded, whoever adds to it.
    [Theory]
    [InlineData("rooms/plain")]
    [InlineData("users/ann")]
    public async Task Publish_CopiesItsPayloadOnce_AndMakesLittleElse(string target)
    {
        await using var app = NodeApplication.Build(
        [
            "--Fanout:Auth:AllowAnonymous=true", "--urls=http://127.0.0.1:0", "--Logging:LogLevel:Default=Warning", "--Fanout:Rooms:0:Pattern=plain", "--Fanout:Rooms:0:HistorySize=0",
            "--Fanout:Rooms:1:Pattern=$user.*", "--Fanout:Rooms:1:HistorySize=0", "--Fanout:Api:Keys:0:Name=test", "--Fanout:Api:Keys:0:Key=test-key", "--Fanout:Api:Keys:0:Scopes:0=publish",
        ]);
        await app.StartAsync(TestContext.Current.CancellationToken);
        using var peer = new Peer(new Uri(app.Urls.Single()).Port);

        var small = peer.AllocatedBy(target, 100);
        var large = peer.AllocatedBy(target, 3100);
        await app.StopAsync(TestContext.Current.CancellationToken);

        Assert.InRange((large - small) / 3000.0, 0.9, 1.3);
        Assert.InRange(small, 100, 4000);
    }

    /// <summary>A caller that makes nothing itself.</summary>
    private sealed class Peer : IDisposable
    {
        private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        private readonly byte[] _buffer = new byte[4096];

        public Peer(int port)
        {
            _socket.ReceiveTimeout = (int)Deadlines.Default.TotalMilliseconds;
            _socket.Connect("127.0.0.1", port);
        }

        /// <returns>Bytes a publish.</returns>
        public double AllocatedBy(string target, int payload)
        {
            var request = Encoding.ASCII.GetBytes(string.Create(
                CultureInfo.InvariantCulture,
                $"POST /api/v1/{target}/messages HTTP/1.1\r\nHost: here\r\nX-Api-Key: test-key\r\nContent-Type: application/json\r\nContent-Length: {payload}\r\n\r\n\"{new string('x', payload - 2)}\""));
            Send(request, 3 * Rounds); // Until the code is compiled as it stays, and pools are filled.
            var before = GC.GetTotalAllocatedBytes(precise: true);
            Send(request, Rounds);
            return (GC.GetTotalAllocatedBytes(precise: true) - before) / (double)Rounds;
        }

        public void Dispose() => _socket.Dispose();

        private void Send(byte[] request, int times)
        {
            for (var i = 0; i < times; i++)
            {
                _socket.Send(request);
                // The answer is one small object: it ends with the first brace that closes.
                var length = 0;
                do
                    length += _socket.Receive(_buffer.AsSpan(length));
                while (_buffer[length - 1] != '}');
                if (!_buffer.AsSpan(0, length).StartsWith("HTTP/1.1 200"u8))
                    throw new InvalidOperationException(Encoding.UTF8.GetString(_buffer, 0, length));
            }
        }
    }

    /// <summary>What looks at the whole process.</summary>
    [CollectionDefinition(Alone, DisableParallelization = true)]
    public sealed class Group;
}
