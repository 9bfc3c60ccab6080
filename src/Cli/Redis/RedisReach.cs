using System.Net;
using System.Net.Sockets;

namespace Fanout.Cli.Redis;

/// <summary>Whether anybody listens at all: the library only says that it could not connect, and not why.</summary>
internal static class RedisReach
{
    /// <returns>Null if one of them can be reached.</returns>
    public static async Task<(string What, string Advice)?> FindFaultAsync(IEnumerable<EndPoint> endPoints, TimeSpan timeout, CancellationToken cancellation)
    {
        SocketException? last = null;
        foreach (var endPoint in endPoints)
        {
            using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
            deadline.CancelAfter(timeout);
            using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
            try
            {
                await socket.ConnectAsync(endPoint, deadline.Token);
                return null;
            }
            catch (SocketException e)
            {
                last = e;
            }
            catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
            {
                // Nobody answered; the next may.
            }
        }

        return last?.SocketErrorCode switch
        {
            SocketError.ConnectionRefused => ("nobody listens there (connection refused)", "Is Redis running, on that port, and bound to an address that can be reached from here?"),
            SocketError.HostNotFound or SocketError.TryAgain or SocketError.NoData => ("the host's name is not known", "Names of a compose network are known inside of it only."),
            null => ("there is no answer in time", "Is it up, and does a firewall let you through?"),
            _ => (last.Message, "Is it up, and does a firewall let you through?"),
        };
    }
}
