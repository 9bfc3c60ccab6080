using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Fanout.Tests.TestKit;

/// <summary>
/// Ports for servers that are started again where they were. They are below 32768, where Linux's ephemeral ports begin: while the server is down,
/// no outgoing connection can take its port.
/// </summary>
public static class LastingPort
{
    /// <summary>One that may be in use; whoever starts a server there sees whether it is.</summary>
    public static int Any() => Random.Shared.Next(20_000, 32_000);

    /// <summary>One that nobody listens at, as an address of a node.</summary>
    public static string FreeUrl()
    {
        for (var attempt = 1; ; attempt++)
        {
            var port = Any();
            using var listener = new TcpListener(IPAddress.Loopback, port);
            try
            {
                listener.Start();
                return string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{port}");
            }
            catch (SocketException) when (attempt < 20)
            {
                // Somebody is there; another one.
            }
        }
    }
}
