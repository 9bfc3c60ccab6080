using System.Diagnostics;
using System.Net;
using System.Net.WebSockets;
using System.Text.Json;
using Fanout.Cli.Http;
using Fanout.Cli.Running;
using Fanout.Shared.Protocol;

namespace Fanout.Cli.Doctor;

/// <summary>Opens sockets as a browser and as a program would, and looks who gets in.</summary>
internal sealed class SocketDoctor(Run run, Findings findings, IReadOnlyList<string> origins)
{
    private const string Area = "node";

    // A name that can belong to nobody (RFC 2606).
    private const string ForeignOrigin = "https://fanout-doctor.invalid";

    public async Task CheckAsync()
    {
        var stranger = await OpenAsync(origin: null, token: null);
        if (stranger.Fault is { } fault)
        {
            findings.Fail(Area, "socket", fault, "Does the proxy pass upgrades to /ws?");
            return;
        }

        switch (stranger.Status)
        {
            case 101:
                findings.Warn(Area, "anonymous", "clients without a token are let in", "They may join and publish everywhere: Fanout:Auth:AllowAnonymous=false, unless that is wanted.");
                break;
            case 401:
                findings.Ok(Area, "anonymous", "clients without a token are refused");
                break;
            default:
                findings.Warn(Area, "socket", $"an upgrade is answered with {stranger.Status}", AdviceFor(stranger.Status));
                break;
        }

        await CheckOriginsAsync();
        if (run.Settings.Token is { } token)
            await CheckTokenAsync(token);
        else if (stranger.Status == 101)
            TellConnected(stranger);
        else
            findings.Skip(Area, "socket", "not opened: that takes a token", "Set FANOUT_TOKEN, or make one: `fanout token --help`.");
    }

    // The node looks at the origin before the token, so 401 means that the origin passed.
    private async Task CheckOriginsAsync()
    {
        var foreign = await OpenAsync(ForeignOrigin, token: null);
        if (foreign.Status == 403)
            findings.Ok(Area, "origins", "a page from elsewhere is refused");
        else if (foreign.Status is 101 or 401)
            findings.Warn(Area, "origins", "pages from any origin may open sockets", "List yours in Fanout:Auth:AllowedOrigins; * is for public data.");
        foreach (var origin in origins)
        {
            var answer = await OpenAsync(origin, token: null);
            if (answer.Status is 101 or 401)
                findings.Ok(Area, "origins", $"{origin} is allowed");
            else if (answer.Status == 403)
                findings.Fail(Area, "origins", $"{origin} is refused", "Add it to Fanout:Auth:AllowedOrigins, with scheme and port, as the browser writes it. Behind a proxy, the Host header must arrive too (Fanout:Proxies:Known).");
            else
                findings.Warn(Area, "origins", $"{origin} is answered with {answer.Status}", AdviceFor(answer.Status));
        }
    }

    private async Task CheckTokenAsync(string token)
    {
        var opened = await OpenAsync(origin: null, token);
        if (opened.Status == 101)
        {
            findings.Ok(Area, "token", opened.Connected.Field("payload").Text("userId") is { } user ? $"is taken, and makes you {user}" : "is not looked at: clients need none");
            TellConnected(opened);
        }
        else
        {
            findings.Fail(Area, "token", opened.Fault ?? $"is refused with {opened.Status}", opened.Status == 401
                ? "`fanout token --decode` shows what it holds; the node's log says why (1500)."
                : AdviceFor(opened.Status));
        }
    }

    private void TellConnected(Opened opened)
    {
        var payload = opened.Connected.Field("payload");
        var backplane = payload.Text("backplane");
        var text = $"open after {Durations.ToText(opened.Took)}, on {payload.Text("node")}, backplane {backplane}";
        if (backplane == "healthy")
            findings.Ok(Area, "socket", text);
        else
            findings.Warn(Area, "socket", text, "Live messages of other nodes may be late. Check the Redis with --redis.");
    }

    private static string AdviceFor(int status) => status switch
    {
        403 => "An operator may have disconnected this user for a while (`fanout disconnect --lift`).",
        404 => "Is /ws passed to the node?",
        429 => "A limit by address or user: Fanout:Limits:MaxConnectionsPerIp, MaxConnectionsPerUser.",
        503 => "The node is full, draining, or cannot check tokens; its log and /healthz/ready say which.",
        _ => "Does the proxy pass upgrades to /ws?",
    };

    private sealed record Opened(int Status, TimeSpan Took, JsonElement Connected, string? Fault = null);

    private async Task<Opened> OpenAsync(string? origin, string? token)
    {
        using var socket = new ClientWebSocket();
        socket.Options.CollectHttpResponseDetails = true;
        socket.Options.AddSubProtocol(Subprotocols.Json);
        if (origin is not null)
            socket.Options.SetRequestHeader("Origin", origin);
        if (token is not null)
            socket.Options.SetRequestHeader("Authorization", "Bearer " + token);
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(run.Stopped);
        deadline.CancelAfter(run.Settings.AnswerTimeout);
        using var invoker = new HttpMessageInvoker(Handlers.Create(run.Settings));
        var began = Stopwatch.GetTimestamp();
        try
        {
            await socket.ConnectAsync(SocketUrls.Of(run.Settings), invoker, deadline.Token);
            var connected = await ReceiveAsync(socket, deadline.Token);
            var took = Stopwatch.GetElapsedTime(began);
            await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, null, deadline.Token);
            return new Opened(101, took, connected);
        }
        catch (OperationCanceledException) when (!run.Stopped.IsCancellationRequested)
        {
            return new Opened(0, default, default, "an upgrade to /ws is not answered in time");
        }
        catch (WebSocketException) when (socket.HttpStatusCode is not 0 and not HttpStatusCode.SwitchingProtocols)
        {
            return new Opened((int)socket.HttpStatusCode, default, default);
        }
        catch (Exception e) when (e is WebSocketException or HttpRequestException)
        {
            return new Opened(0, default, default, "an upgrade to /ws fails: " + NetworkFaults.Of(e, run.Settings).Message);
        }
    }

    private static async Task<JsonElement> ReceiveAsync(ClientWebSocket socket, CancellationToken cancellation)
    {
        var buffer = new byte[16 * 1024];
        var length = 0;
        while (length < buffer.Length)
        {
            var result = await socket.ReceiveAsync(buffer.AsMemory(length), cancellation);
            length += result.Count;
            if (!result.EndOfMessage)
                continue;
            try
            {
                return result.MessageType == WebSocketMessageType.Text ? JsonElement.Parse(buffer.AsSpan(0, length)) : default;
            }
            catch (JsonException)
            {
                return default;
            }
        }

        return default;
    }
}
