using Microsoft.AspNetCore.Server.Kestrel;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Fanout.Node.Connections.FastLane;

internal static class FastLaneExtensions
{
    /// <summary>Puts the fast lane before HTTP on every endpoint.</summary>
    /// <remarks>
    /// Before an endpoint's TLS it sees a ClientHello only, which it passes on; <see cref="UseSocketFastLaneBehindTls"/> puts it behind.
    /// </remarks>
    public static void UseSocketFastLane(this KestrelServerOptions kestrel) => kestrel.ConfigureEndpointDefaults(UseFastLane);

    /// <summary>Sets up TLS here and now, and the fast lane behind it. For configured endpoints that know their certificate without SNI.</summary>
    public static void UseSocketFastLaneBehindTls(this EndpointConfiguration endpoint)
    {
        endpoint.ListenOptions.UseHttps(endpoint.HttpsOptions);
        UseFastLane(endpoint.ListenOptions);
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
