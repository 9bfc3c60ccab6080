using System.Net.Security;
using Fanout.Cli.Running;

namespace Fanout.Cli.Http;

/// <summary>How HTTP and sockets reach a node.</summary>
internal static class Handlers
{
    public static SocketsHttpHandler Create(Settings settings)
    {
        var handler = new SocketsHttpHandler
        {
            // The key would follow a redirect to wherever it leads.
            AllowAutoRedirect = false,
            ConnectTimeout = settings.AnswerTimeout,
            AutomaticDecompression = System.Net.DecompressionMethods.All,
            // A proxy of the environment is for the world outside.
            UseProxy = !settings.IsLocal,
        };
#pragma warning disable CA5359 // It is what --insecure asks for, and its help says what it costs.
        if (settings.Insecure)
            handler.SslOptions = new SslClientAuthenticationOptions { RemoteCertificateValidationCallback = (_, _, _, _) => true };
#pragma warning restore CA5359
        return handler;
    }
}
