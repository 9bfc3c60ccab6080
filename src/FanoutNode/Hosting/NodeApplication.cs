using Fanout.Node.Api;
using Fanout.Node.Connections.FastLane;
using Fanout.Node.Connections.Handshake;
using Fanout.Node.Console;
using Fanout.Node.Diagnostics;
using Fanout.Node.Hosting.Settings;
using Fanout.Node.Hosting.Tls;
using Fanout.Node.Sse;

namespace Fanout.Node.Hosting;

/// <summary>Builds the node: settings, services, endpoints.</summary>
internal static partial class NodeApplication
{
    /// <exception cref="SettingsException">A setting is wrong.</exception>
    public static WebApplication Build(string[] args, Action<WebApplicationBuilder>? configure = null)
    {
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions
        {
            Args = args,
            // The settings files lie beside the program, wherever it is started from.
            ContentRootPath = AppContext.BaseDirectory,
        });
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.Logging.FollowFormatterSetting(builder.Configuration).HoldBackRequestLines();
        configure?.Invoke(builder);

        var settings = SettingsLoader.Load(builder.Configuration, builder.Environment);
        AdminPort.Listen(builder, settings.Admin);
        var certificates = new TlsCertificates(builder.Configuration);
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            var handshake = settings.Limits.HandshakeTimeout;
            kestrel.Limits.RequestHeadersTimeout = handshake > TimeSpan.Zero ? handshake : Timeout.InfiniteTimeSpan;
            // Checked by the endpoint itself, which answers with a problem that a caller can read.
            kestrel.Limits.MaxRequestBodySize = null;
            kestrel.Limits.MaxConcurrentConnections = settings.Limits.MaxTcpConnections;
            kestrel.UseEndpoints(builder.Configuration, certificates, kestrel.Limits.RequestHeadersTimeout);
            kestrel.UseSocketFastLane();
        });
        builder.Services.AddSingleton(settings.Tls).AddSingleton(certificates).AddHostedService<CertificateReloader>();
        builder.Services.AddFanout(settings).AddTelemetry(builder, settings).AddProblems();

        var app = builder.Build();
        foreach (var unknown in SettingsLoader.Unknown(builder.Configuration))
            LogUnknown(app.Logger, unknown);
        Map(app, settings);
        return app;
    }

    private static void Map(WebApplication app, FanoutSettings settings)
    {
        app.UseProblems();
        var sockets = app.Services.GetRequiredService<SocketEndpoint>();
        app.MapMethods("/ws", [HttpMethods.Get, HttpMethods.Connect], sockets.HandleAsync);
        var streams = app.Services.GetRequiredService<SseEndpoint>();
        // A stream is no request whose duration says anything.
        app.MapGet(SseEndpoint.Path, streams.HandleAsync).DisableHttpMetrics();
        app.MapMethods(SseEndpoint.Path, [HttpMethods.Options], streams.AnswerPreflightAsync);
        if (settings.Testing.Echo)
        {
            LogEcho(app.Logger);
            app.MapMethods(UpgradeRequestReader.EchoPath, [HttpMethods.Get, HttpMethods.Connect], sockets.HandleAsync);
        }

        var admin = app.MapAdmin(settings.Admin);
        admin.MapApi();
        admin.MapConsole();
        admin.MapHealth();
        admin.MapPrometheusScrapingEndpoint("/metrics");
    }

    [LoggerMessage(1601, LogLevel.Warning, "Fanout:Testing:Echo is on: anybody may send to /echo, without a token and a limit. For tests only.", EventName = "EchoEnabled")]
    private static partial void LogEcho(ILogger logger);

    [LoggerMessage(1600, LogLevel.Warning, "The setting {Setting} is not known and does nothing; is it misspelt?", EventName = "SettingUnknown")]
    private static partial void LogUnknown(ILogger logger, string setting);
}
