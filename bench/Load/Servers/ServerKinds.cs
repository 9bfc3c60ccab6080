using System.Globalization;
using Fanout.Bench.Load.Protocols;

namespace Fanout.Bench.Load.Servers;

/// <summary>Fanout in its variants, and the peers.</summary>
internal static class ServerKinds
{
    private const string NchanModule = "/usr/lib/nginx/modules/ngx_nchan_module.so";

    private static readonly FanoutProtocol Fanout = new();
    private static readonly PlainProtocol Plain = new();
    private static readonly SignalRProtocol SignalR = new();

    public static readonly IReadOnlyList<ServerKind> All =
    [
        new("fanout", Fanout, false, context => StartFanout(context, history: false, redis: false)),
        new("fanout-history", Fanout, false, context => StartFanout(context, history: true, redis: false)),
        new("fanout-redis", Fanout, true, context => StartFanout(context, history: false, redis: true)),
        new("fanout-redis-history", Fanout, true, context => StartFanout(context, history: true, redis: true)),
        new("fanout-redis-history-2", Fanout, true, context => StartFanout(context, history: true, redis: true), Nodes: 2),
        new("aspnet", Plain, false, context => StartDotnet(context, "Peer.AspNetPlain")),
        new("signalr", SignalR, false, context => StartDotnet(context, "Peer.SignalR")),
        new("signalr-redis", SignalR, true, StartSignalRWithRedis),
        new("signalr-redis-2", SignalR, true, StartSignalRWithRedis, Nodes: 2),
        new("socketio-redis", new SocketIoProtocol(), true, context => StartNode(context, "socketio.js")) { Missing = MissingNode },
        new("ws-redis", Plain, true, context => StartNode(context, "ws.js")) { Missing = MissingNode },
        new("nchan", new NchanProtocol(), false, StartNchan) { Missing = MissingNchan },
        new("nats", new NatsProtocol(), false, StartNats) { Missing = () => OnPath("nats-server") ? null : "nats-server is not installed" },
    ];

    private static ServerProcess StartFanout(StartContext context, bool history, bool redis)
    {
        var settings = new Dictionary<string, string>
        {
            ["ASPNETCORE_URLS"] = $"http://127.0.0.1:{context.Port}",
            ["Fanout__Node__Name"] = $"bench{context.Node}",
            ["Fanout__Auth__AllowAnonymous"] = "true",
            ["Fanout__Api__Keys__0__Name"] = "bench",
            ["Fanout__Api__Keys__0__Key"] = FanoutProtocol.ApiKey,
            ["Fanout__Api__Keys__0__Scopes__0"] = "publish",
            // A publisher here stands for many users.
            ["Fanout__Limits__MessagesPerSecond"] = "0",
            // For those who connect as a user.
            ["Fanout__Auth__Jwt__SigningKey"] = FanoutProtocol.SigningKey,
        };
        if (!history)
        {
            settings["Fanout__Rooms__0__Pattern"] = "*";
            settings["Fanout__Rooms__0__HistorySize"] = "0";
            settings["Fanout__Rooms__1__Pattern"] = "$user.*";
            settings["Fanout__Rooms__1__HistorySize"] = "0";
        }

        if (redis)
            settings["Fanout__Redis__ConnectionString"] = $"127.0.0.1:{context.RedisPort}";
        var program = Environment.GetEnvironmentVariable("FANOUT_BENCH_NODE") ?? Path.Combine(context.Root, "FanoutNode", "FanoutNode.dll");
        return ServerProcess.Start(context.Log, "dotnet", [program], settings);
    }

    private static ServerProcess StartDotnet(StartContext context, string name, params string[] arguments) =>
        ServerProcess.Start(
            context.Log,
            "dotnet",
            [Path.Combine(context.Root, name, name + ".dll"), .. arguments],
            new Dictionary<string, string> { ["ASPNETCORE_URLS"] = $"http://127.0.0.1:{context.Port}" });

    private static ServerProcess StartSignalRWithRedis(StartContext context) =>
        StartDotnet(context, "Peer.SignalR", "--Redis", $"127.0.0.1:{context.RedisPort}");

    private static ServerProcess StartNode(StartContext context, string script) =>
        ServerProcess.Start(
            context.Log,
            "node",
            [
                Path.Combine(context.Repository, "bench", "peers", "node", script),
                context.Port.ToString(CultureInfo.InvariantCulture),
                context.RedisPort.ToString(CultureInfo.InvariantCulture),
            ],
            new Dictionary<string, string> { ["NODE_ENV"] = "production" });

    private static ServerProcess StartNchan(StartContext context) =>
        ServerProcess.Start(context.Log, "nginx", ["-p", context.Work, "-e", Path.Combine(context.Work, "nginx-error.log"), "-c", Configure(context, "nchan/nginx.conf")]);

    private static ServerProcess StartNats(StartContext context) =>
        ServerProcess.Start(context.Log, "nats-server", ["-c", Configure(context, "nats/nats.conf")]);

    private static string Configure(StartContext context, string template)
    {
        var text = File.ReadAllText(Path.Combine(context.Repository, "bench", "peers", template))
            .Replace("{port}", context.Port.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal)
            .Replace("{native_port}", Ports.Free().ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal)
            .Replace("{module}", NchanModule, StringComparison.Ordinal)
            .Replace("{work}", context.Work, StringComparison.Ordinal);
        var path = Path.Combine(context.Work, Path.GetFileName(template));
        File.WriteAllText(path, text);
        return path;
    }

    private static string? MissingNchan() =>
        OnPath("nginx") && File.Exists(NchanModule) ? null : "nginx with libnginx-mod-nchan is not installed";

    private static string? MissingNode() => OnPath("node") ? null : "node is not installed";

    private static bool OnPath(string name) =>
        (Environment.GetEnvironmentVariable("PATH") + ":/usr/sbin").Split(':').Any(directory => File.Exists(Path.Combine(directory, name)));
}
