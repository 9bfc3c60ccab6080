using System.Net;
using System.Net.Sockets;

namespace Fanout.Bench.Load.Servers;

internal static class Ports
{
    /// <summary>A port that was free a moment ago.</summary>
    public static int Free()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    /// <summary>Waits until somebody listens.</summary>
    public static void WaitFor(int port, ServerProcess server, string name, string log)
    {
        for (var attempt = 0; attempt < 300; attempt++)
        {
            if (server.HasExited)
                break;
            try
            {
                using var client = new TcpClient();
                client.Connect(IPAddress.Loopback, port);
                return;
            }
            catch (SocketException)
            {
                Thread.Sleep(50);
            }
        }

        throw new IOException($"{name} does not listen on port {port}: {string.Join(" / ", File.ReadLines(log).Take(5))}");
    }
}
