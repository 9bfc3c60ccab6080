using Fanout.Node.Api;

namespace Fanout.Node.Hosting;

/// <summary>Keeps what is for operators and back ends on a port of its own, where <c>Fanout:Admin:Port</c> asks for one.</summary>
internal static class AdminPort
{
    // What Kestrel listens on where nothing is set.
    private const string DefaultUrl = "http://localhost:5000";

    /// <summary>Marks the endpoints that are not for the public port.</summary>
    private sealed class Marker
    {
        public static readonly Marker Instance = new();
    }

    /// <summary>Adds the port to those on which the node listens, however these are set.</summary>
    public static void Listen(WebApplicationBuilder builder, AdminOptions options)
    {
        if (options.Port == 0)
            return;
        var url = $"http://*:{options.Port}";
        // Kestrel takes its own section and ignores addresses; and where addresses are set, ports are ignored.
        if (builder.Configuration.GetSection("Kestrel:Endpoints").GetChildren().Any())
            builder.Configuration["Kestrel:Endpoints:FanoutAdmin:Url"] = url;
        else
            builder.WebHost.UseUrls([.. PublicUrls(builder.Configuration), url]);
    }

    /// <summary>Endpoints that answer on the admin port alone.</summary>
    public static IEndpointRouteBuilder MapAdmin(this WebApplication app, AdminOptions options)
    {
        if (options.Port == 0)
            return app;
        app.Use((context, next) => IsElsewhere(context, options.Port) ? NotFound(context) : next(context));
        return app.MapGroup("").WithMetadata(Marker.Instance);
    }

    // By the port that the connection came in on, which no client can choose; the Host header is the client's word.
    private static bool IsElsewhere(HttpContext context, int port) =>
        context.GetEndpoint()?.Metadata.GetMetadata<Marker>() is not null && context.Connection.LocalPort != port;

    // As if there were no such path: it is nobody's business here.
    private static Task NotFound(HttpContext context)
    {
        context.SetEndpoint(null);
        context.Response.StatusCode = StatusCodes.Status404NotFound;
        return Task.CompletedTask;
    }

    private static string[] PublicUrls(ConfigurationManager configuration)
    {
        if (Split(configuration[WebHostDefaults.ServerUrlsKey]) is { Length: > 0 } urls)
            return urls;
        string[] ports =
        [
            .. Split(configuration[WebHostDefaults.HttpPortsKey]).Select(port => $"http://*:{port}"),
            .. Split(configuration[WebHostDefaults.HttpsPortsKey]).Select(port => $"https://*:{port}"),
        ];
        return ports.Length > 0 ? ports : [DefaultUrl];
    }

    private static string[] Split(string? list) => (list ?? "").Split(';', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
}
