using System.Net;
using System.Text;
using Fanout.Node.Connections.Handshake;
using Fanout.Node.Limits;
using Fanout.Node.Testing;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;

namespace Fanout.Node.Connections.FastLane;

/// <summary>
/// Takes upgrades below HTTP: a connection middleware that looks at the first request of each connection. An upgrade to the socket
/// endpoint is accepted right here, before a request's objects exist, and owns its socket, or its TLS stream; anything else is left unread
/// and passed on.
/// </summary>
/// <remarks>
/// The same checks and the same connection class as the ordinary endpoint, which stays for upgrades that come later on a connection or
/// by HTTP/2. Has a timeout of its own, since Kestrel's request timers have not started here.
/// </remarks>
internal sealed class SocketFastLane(
    HandshakeValidator validator, SessionRunner runner, SilentConnections silent, LimitsOptions limits, TestingOptions testing, TimeProvider time)
{
    /// <summary>The middleware.</summary>
    public async Task HandleAsync(ConnectionContext connection, ConnectionDelegate next)
    {
        if (WayOut(connection) is not { } open)
        {
            await next(connection);
            return;
        }

        var (kind, request) = await LookAsync(connection);
        var handled = kind switch
        {
            FirstBytes.Upgrade => UpgradeAsync(connection, open, request! with { RemoteAddress = (connection.RemoteEndPoint as IPEndPoint)?.Address }),
            FirstBytes.Other => next(connection),
            _ => Task.CompletedTask,
        };
        (request, open) = (null, null);
        await handled;
    }

    // Straight to the socket, or through TLS to what Kestrel put below it. Null for a transport that has neither.
    private static Func<Connection, OutboundLimits, Outbound>? WayOut(ConnectionContext connection) =>
        connection.Features.Get<ISslStreamFeature>()?.SslStream is { } tls ? (session, bounds) => new StreamOutbound(session, tls, bounds)
        : connection.Features.Get<IConnectionSocketFeature>()?.Socket is { } socket ? (session, bounds) => new SocketOutbound(session, socket, bounds)
        : null;

    // Undecided: the peer went away, or took too long; there is nobody to answer.
    private async Task<(FirstBytes Kind, HandshakeRequest? Request)> LookAsync(ConnectionContext connection)
    {
        if (!silent.TryEnter(connection.RemoteEndPoint, out var counted))
        {
            connection.Abort();
            return (FirstBytes.Undecided, null);
        }

        var input = connection.Transport.Input;
        await using var timeout = limits.HandshakeTimeout > TimeSpan.Zero
            ? time.CreateTimer(static state => ((ConnectionContext)state!).Abort(), connection, limits.HandshakeTimeout, Timeout.InfiniteTimeSpan)
            : null;
        var reader = new UpgradeRequestReader(testing.Echo);
        try
        {
            while (true)
            {
                var result = await input.ReadAsync();
                var kind = reader.Read(result.Buffer, out var request, out var consumed);
                if (kind == FirstBytes.Undecided && !result.IsCompleted && !result.IsCanceled)
                {
                    input.AdvanceTo(result.Buffer.Start, result.Buffer.End);
                    continue;
                }

                // What was not taken must look unread to whoever comes next.
                input.AdvanceTo(consumed);
                return (kind == FirstBytes.Undecided && result.Buffer.Length > 0 && !result.IsCanceled ? FirstBytes.Other : kind, request);
            }
        }
        catch (Exception e) when (e is ConnectionAbortedException or ConnectionResetException or IOException or OperationCanceledException)
        {
            return (FirstBytes.Undecided, null);
        }
        finally
        {
            silent.Leave(counted);
        }
    }

    private async Task UpgradeAsync(ConnectionContext connection, Func<Connection, OutboundLimits, Outbound> open, HandshakeRequest request)
    {
        var (accepted, refused) = await validator.CheckAsync(request);
        var served = refused is null ? Serve(connection, open, request, accepted!) : connection.Transport.Output.WriteAsync(Refusal(refused)).AsTask();
        // The connection may live for days: let go of what the handshake needed.
        (request, accepted, refused, open) = (null!, null, null, null!);
        await served;
    }

    private Task Serve(
        ConnectionContext connection, Func<Connection, OutboundLimits, Outbound> open, HandshakeRequest request, HandshakeAcceptance accepted) =>
        runner.RunAsync(
            accepted,
            connection.Transport.Input,
            open,
            connection.Abort,
            Acceptance(request, accepted));

    private static byte[] Acceptance(HandshakeRequest request, HandshakeAcceptance accepted)
    {
        var protocol = accepted.EchoedProtocol is { } name ? $"Sec-WebSocket-Protocol: {name}\r\n" : "";
        var extension = accepted.Extension is { } agreed ? $"Sec-WebSocket-Extensions: {agreed.Answer}\r\n" : "";
        return Encoding.ASCII.GetBytes(
            "HTTP/1.1 101 Switching Protocols\r\n"
            + "Connection: Upgrade\r\n"
            + "Upgrade: websocket\r\n"
            + $"Sec-WebSocket-Accept: {HandshakeAnswer.AcceptKey(request.Key!)}\r\n"
            + protocol
            + extension
            + "\r\n");
    }

    private byte[] Refusal(HandshakeRefusal refusal)
    {
        var body = HandshakeAnswer.ProblemBody(refusal);
        var header = refusal.Header is var (name, value) ? $"{name}: {value}\r\n" : "";
        return
        [
            .. Encoding.ASCII.GetBytes(
                $"HTTP/1.1 {refusal.Status} {HandshakeAnswer.ReasonPhrase(refusal.Status)}\r\n"
                + $"Date: {time.GetUtcNow():R}\r\n"
                + "Connection: close\r\n"
                + "Content-Type: application/problem+json\r\n"
                + $"Content-Length: {body.Length}\r\n"
                + header
                + "\r\n"),
            .. body,
        ];
    }
}
