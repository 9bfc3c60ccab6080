using System.Globalization;
using System.Net.Sockets;
using System.Text;
using Fanout.Bench.Load.Servers;
using Fanout.Bench.Load.Sockets;

namespace Fanout.Bench.Load.Scenarios;

/// <summary>
/// 100,000 rooms on one node, a hundred for each connection: how long their subscriptions take, what they weigh, and how long it takes to have
/// them all again after Redis has cut the subscribing connection.
/// </summary>
internal sealed record ManyRoomsScenario(string Name, string[] Servers) : Scenario(Name, Servers, NeedsFreshServer: true)
{
    private const int RoomsEach = 100;

    public int Connections { get; init; } = 1_000;

    public override Result Run(RunningServer server, Fleet fleet, RunOptions options)
    {
        var count = Math.Max(50, (int)(Connections * Math.Min(1, options.Scale * 2)));
        var rooms = count * RoomsEach;
        fleet.Connect(Plans(server, 20, "warm"));
        fleet.CloseAll();
        using var redis = new RedisProbe(server.RedisPort);
        redis.WaitForChannels(channels => channels < RoomsEach);
        Thread.Sleep(options.Seconds(2));

        var (memory, redisMemory, cpu) = (server.ResidentBytes, server.RedisResidentBytes, server.CpuSeconds);
        var before = redis.Channels;
        var began = Clock.Now;
        fleet.Connect(Plans(server, count, "room"));
        redis.WaitForChannels(channels => channels >= before + rooms);
        var subscribed = (Clock.Now - began) / 1e9;
        var subscribeCpu = server.CpuSeconds - cpu;
        Thread.Sleep(options.Seconds(5));
        var (grown, redisGrown) = (server.ResidentBytes - memory, server.RedisResidentBytes - redisMemory);

        began = Clock.Now;
        redis.Ask("CLIENT KILL TYPE pubsub");
        redis.WaitForChannels(channels => channels >= before + rooms);
        var again = (Clock.Now - began) / 1e9;
        var result = new Result
        {
            Scenario = Name,
            Server = server.Kind.Name,
            Members = 1,
            Rooms = rooms,
            Seconds = subscribed,
            RoomsPerSecond = rooms / subscribed,
            CpuMicrosPerRoom = subscribeCpu * 1e6 / rooms,
            KilobytesPerRoom = grown / 1024.0 / rooms,
            RedisKilobytesPerRoom = redisGrown / 1024.0 / rooms,
            ResubscribeSeconds = again,
            Cut = fleet.Lost,
        };
        fleet.CloseAll();
        return result;
    }

    private static List<ClientPlan> Plans(RunningServer server, int count, string prefix) =>
    [
        .. Enumerable.Range(0, count).Select(n => new ClientPlan(
            server.Kind.Protocol, server.Ports[0], string.Join(',', Enumerable.Range(0, RoomsEach).Select(r => $"{prefix}-{n}-{r}")), n)),
    ];

    // A few words with Redis, in its inline form: too few for a client library.
    private sealed class RedisProbe(int port) : IDisposable
    {
        private readonly TcpClient _connection = new("127.0.0.1", port);
        private readonly byte[] _buffer = new byte[64 * 1024];

        public long Channels
        {
            get
            {
                const string Field = "pubsub_channels:";
                var text = Ask("INFO stats");
                var at = text.IndexOf(Field, StringComparison.Ordinal) + Field.Length;
                return long.Parse(text.AsSpan(at, text.IndexOf('\r', at) - at), NumberStyles.None, CultureInfo.InvariantCulture);
            }
        }

        public string Ask(string command)
        {
            var stream = _connection.GetStream();
            stream.Write(Encoding.ASCII.GetBytes(command + "\r\n"));
            // Either answer used here ends with a line end, and comes at once or in pieces of one write.
            var text = "";
            do
                text += Encoding.ASCII.GetString(_buffer, 0, stream.Read(_buffer));
            while (!text.EndsWith('\n') || (text[0] == '$' && text.Length < int.Parse(text.AsSpan(1, text.IndexOf('\r', StringComparison.Ordinal) - 1), CultureInfo.InvariantCulture)));
            return text;
        }

        public void WaitForChannels(Func<long, bool> wanted)
        {
            var deadline = Clock.Now + 60_000_000_000;
            while (!wanted(Channels))
            {
                if (Clock.Now > deadline)
                    throw new IOException($"Redis has {Channels} channels, and no other number in a minute");
                Thread.Sleep(5);
            }
        }

        public void Dispose() => _connection.Dispose();
    }
}
