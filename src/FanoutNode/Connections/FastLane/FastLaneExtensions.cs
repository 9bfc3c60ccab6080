using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Fanout.Node.Connections.FastLane;

internal static class FastLaneExtensions
{
    /// <summary>Puts the fast lane before HTTP on every endpoint, behind TLS where the endpoint has it.</summary>
    public static void UseSocketFastLane(this KestrelServerOptions kestrel, IConfiguration configuration)
    {
        kestrel.ConfigureEndpointDefaults(UseFastLane);

        // The defaults above stand before an endpoint's TLS and see a ClientHello only, which they pass on. Behind it is a place where the
        // configured endpoints are known by name. Those that choose a certificate by SNI set up TLS themselves, later: they take the
        // ordinary way, as do the addresses of ASPNETCORE_URLS.
        foreach (var endpoint in configuration.GetSection("Kestrel:Endpoints").GetChildren().Where(endpoint => !endpoint.GetSection("Sni").GetChildren().Any()))
        {
            kestrel.ConfigurationLoader?.Endpoint(endpoint.Key, configured =>
            {
                if (!configured.IsHttps)
                    return;
                configured.ListenOptions.UseHttps(configured.HttpsOptions);
                UseFastLane(configured.ListenOptions);
            });
        }
    }

    private static void UseFastLane(ListenOptions endpoint)
    {
        endpoint.Use(next =>
        {
            var lane = endpoint.ApplicationServices.GetRequiredService<SocketFastLane>();
            return connection => lane.HandleAsync(connection, next);
        });
    }
}
