using Fanout.Node.Connections.FastLane;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;

namespace Fanout.Node.Hosting.Tls;

/// <summary>Kestrel's endpoints as its own settings name them, with certificates that can be renewed and the fast lane behind TLS.</summary>
internal static class TlsEndpoints
{
    /// <param name="handshake">So long may a client take for the TLS handshake, before its request is waited for.</param>
    public static void UseEndpoints(this KestrelServerOptions kestrel, IConfiguration configuration, TlsCertificates certificates, TimeSpan handshake)
    {
        // Without following changes: Kestrel would start a changed endpoint anew and cut every socket on it.
        var loader = kestrel.Configure(configuration.GetSection("Kestrel"), reloadOnChange: false);
        kestrel.ConfigureHttpsDefaults(https =>
        {
            https.HandshakeTimeout = handshake;
            certificates.Use(https, TlsCertificates.DefaultSection);
        });
        foreach (var endpoint in configuration.GetSection("Kestrel:Endpoints").GetChildren())
        {
            var choosesByName = endpoint.GetSection("Sni").GetChildren().Any();
            var own = endpoint.GetSection("Certificate");
            loader.Endpoint(endpoint.Key, configured =>
            {
                if (!configured.IsHttps)
                    return;
                if (choosesByName || own.GetChildren().Any())
                    Forget(configured.HttpsOptions);
                // Kestrel sets TLS up later where names choose the certificate; such an endpoint takes the ordinary way.
                if (choosesByName)
                    return;
                certificates.Use(configured.HttpsOptions, own.Path);
                configured.UseSocketFastLaneBehindTls();
            });
        }
    }

    // The default certificate, which is not this endpoint's.
    private static void Forget(HttpsConnectionAdapterOptions https)
    {
        https.ServerCertificateSelector = null;
        https.OnAuthenticate = null;
    }
}
