using Fanout.Node.Api;
using Fanout.Node.Api.Messages;
using Fanout.Node.Auth;
using Fanout.Node.Backplane;
using Fanout.Node.Backplane.Memory;
using Fanout.Node.Backplane.Redis;
using Fanout.Node.Commands;
using Fanout.Node.Connections;
using Fanout.Node.Connections.FastLane;
using Fanout.Node.Connections.Handshake;
using Fanout.Node.Console;
using Fanout.Node.Control;
using Fanout.Node.Diagnostics;
using Fanout.Node.Drain;
using Fanout.Node.History;
using Fanout.Node.Hosting.Settings;
using Fanout.Node.Lanes;
using Fanout.Node.Lanes.Preparation;
using Fanout.Node.Limits;
using Fanout.Node.Presence;
using Fanout.Node.Publishing;
using Fanout.Node.Rooms;
using Fanout.Node.Rpc;
using Fanout.Node.Sse;
using Fanout.Node.Testing;
using Fanout.Node.Webhooks;

namespace Fanout.Node.Hosting;

/// <summary>The service's parts, a method a feature.</summary>
internal static class FanoutServices
{
    public static IServiceCollection AddFanout(this IServiceCollection services, FanoutSettings settings) => services
        .AddSettings(settings)
        .AddBackplane(settings)
        .AddConnections()
        .AddEventStreams()
        .AddRooms(settings)
        .AddCommands()
        .AddAccess(settings)
        .AddDrain(settings)
        .AddConsole();

    private static IServiceCollection AddSettings(this IServiceCollection services, FanoutSettings settings) => services
        .AddSingleton(settings.Redis)
        .AddSingleton(settings.Limits)
        .AddSingleton(settings.Lanes)
        .AddSingleton(settings.Heartbeat)
        .AddSingleton(settings.Lease)
        .AddSingleton(settings.Health)
        .AddSingleton(settings.Presence)
        .AddSingleton(settings.Users)
        .AddSingleton(settings.Drain)
        .AddSingleton(settings.Auth)
        .AddSingleton(settings.Api)
        .AddSingleton(settings.Proxies)
        .AddSingleton(settings.Compression)
        .AddSingleton(settings.Sse)
        .AddSingleton(settings.Testing)
        .AddSingleton(settings.Telemetry)
        .AddSingleton(settings.Rpc)
        .AddSingleton(TimeProvider.System)
        .AddSingleton<FanoutMetrics>()
        .AddSingleton<FleetClock>();

    private static IServiceCollection AddBackplane(this IServiceCollection services, FanoutSettings settings)
    {
        services.AddSingleton(new WebhookPlan(settings.Webhooks, settings.WebhookQueue)).AddSingleton<WebhookMetrics>();
        services.AddSingleton(new NodeIdentity(settings.Node.Name!)).AddSingleton<NodeStatus>().AddSingleton<INodeStatus>(s => s.GetRequiredService<NodeStatus>());
        if (settings.Redis.ConnectionString is null)
            services.AddSingleton(s => new HistoryTotal(settings.Limits.MaxHistoryBytes, () => s.GetRequiredService<FanoutMetrics>().Limited("history_total"))).AddSingleton<MemoryBroker>().AddSingleton<IBackplane, MemoryBackplane>();
        else
            services.AddSingleton<IBackplane, RedisBackplane>();
        return services.AddSingleton<Readiness>().AddHostedService<BackplaneService>().AddHostedService<MetricsService>().AddHostedService<WebhookService>().AddHostedService<WebhookWatch>();
    }

    private static IServiceCollection AddConnections(this IServiceCollection services) => services
        .AddSingleton<LaneSet>()
        .AddSingleton<MessagePreparer>()
        .AddSingleton<ConnectionRegistry>()
        .AddSingleton<ConnectionAdmission>()
        .AddSingleton<ClientAddress>()
        .AddSingleton<SilentConnections>()
        .AddSingleton<HandshakeValidator>()
        .AddSingleton<SocketEndpoint>()
        .AddSingleton<SocketFastLane>()
        .AddSingleton<EchoRunner>()
        .AddSingleton<SessionRunner>();

    private static IServiceCollection AddEventStreams(this IServiceCollection services) => services
        .AddSingleton<RetryHints>()
        .AddSingleton<DeadPeers>()
        .AddSingleton<CrossOrigin>()
        .AddSingleton<SseEndpoint>();

    private static IServiceCollection AddRooms(this IServiceCollection services, FanoutSettings settings) => services
        .AddSingleton(new RoomPolicies(settings.Rooms))
        .AddSingleton<HistoryContext>()
        .AddSingleton<RoomRegistry>()
        .AddSingleton<Reconciler>()
        .AddHostedService(services => services.GetRequiredService<Reconciler>())
        .AddSingleton<HistoryReader>()
        .AddSingleton<AllRoom>()
        .AddSingleton<RoomService>()
        .AddSingleton<BackplaneNotices>()
        .AddSingleton<MessageIntake>()
        .AddSingleton<PresenceReader>()
        .AddSingleton<LeaveDelay>()
        .AddSingleton<MessageIds>()
        .AddSingleton<Publisher>();

    private static IServiceCollection AddCommands(this IServiceCollection services) => services
        .AddSingleton<PublishCommand>()
        .AddSingleton<MembershipCommands>()
        .AddSingleton<PresenceCommand>()
        .AddSingleton<HistoryCommand>()
        .AddSingleton<RefreshCommand>()
        .AddSingleton<RpcMetrics>()
        .AddSingleton<RpcMethods>()
        .AddSingleton<RequestCommand>()
        .AddSingleton<IMessageHandler, CommandDispatcher>();

    private static IServiceCollection AddAccess(this IServiceCollection services, FanoutSettings settings)
    {
        if (settings.Auth.Jwt.Authority is not null)
            services.AddSingleton(settings.Auth.Jwt).AddSingleton<OidcAuthority>().AddHostedService(s => s.GetRequiredService<OidcAuthority>());
        // Where nobody can come in without the authority's keys, somebody else may do better meanwhile.
        if (settings.Auth is { AllowAnonymous: not true, Jwt: { Authority: not null, SigningKey: null, PublicKeyPem: null } })
            services.AddSingleton<IReadinessCheck>(s => s.GetRequiredService<OidcAuthority>());
        return services
            .AddSingleton<TokenAuthenticator>()
            .AddSingleton<IAuthenticator, ConsoleAuthenticator>()
            .AddSingleton<OriginPolicy>()
            .AddSingleton<ApiKeys>()
            .AddSingleton<ApiGate>()
            .AddSingleton<BytesInFlight>()
            .AddSingleton<PublishEndpoint>()
            .AddSingleton<BatchEndpoint>()
            .AddSingleton<RevokedUsers>()
            .AddSingleton<Disconnector>()
            .AddSingleton<ConnectionLookup>()
            .AddSingleton<RevocationSync>()
            .AddHostedService(s => s.GetRequiredService<RevocationSync>())
            .AddSingleton<OrderDesk>();
    }

    private static IServiceCollection AddDrain(this IServiceCollection services, FanoutSettings settings) => services
        .AddSingleton<DrainState>()
        .AddHostedService<DrainSignals>()
        .AddHostedService<DrainService>()
        // One deadline for all of it; the drain keeps time back for what stops after it.
        .Configure<HostOptions>(host => host.ShutdownTimeout = settings.Drain.Deadline);

    private static IServiceCollection AddConsole(this IServiceCollection services) => services
        .AddSingleton<ConsoleTokens>()
        .AddSingleton<ConsoleCounters>()
        .AddSingleton<NotableEvents>()
        .AddSingleton<NodeReports>()
        .AddHostedService<ConsoleReporter>()
        .AddSingleton<ILoggerProvider, NotableLogProvider>()
        // The operator's levels are for the log; what is notable is so in any case.
        .Configure<LoggerFilterOptions>(filter => filter.AddFilter<NotableLogProvider>("Fanout", LogLevel.Information).AddFilter<NotableLogProvider>(null, LogLevel.None));
}
