using Fanout.Cli.Running;

namespace Fanout.Cli.Http;

/// <summary>Where sockets are.</summary>
internal static class SocketUrls
{
    public static Uri Of(Settings settings) => new UriBuilder(settings.At("/ws")) { Scheme = settings.Url.Scheme == "https" ? "wss" : "ws" }.Uri;
}
