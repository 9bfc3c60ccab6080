using System.Collections.Concurrent;
using System.Diagnostics;
using Fanout.Tests.Integration.Support;
using Fanout.Tests.TestKit;
using Fanout.Tests.TestKit.Clients;
using Fanout.Tests.TestKit.Nodes;

namespace Fanout.Tests.Integration.Hostile;

/// <summary>A node with a pair of neighbours that talk to each other, a busy room, and whoever attacks it.</summary>
internal sealed class Street : IAsyncDisposable
{
    private const string Words = "\"hello\"";
    private static readonly TimeSpan BetweenMessages = TimeSpan.FromMilliseconds(10);

    private readonly PemCertificate _certificate;
    private readonly RunningNode _node;
    private readonly TestClient _speaker;
    private readonly TestClient _listener;
    private readonly ConcurrentDictionary<string, int> _ends = new();
    private int _published;

    private Street(PemCertificate certificate, RunningNode node, Uri tls, TestClient speaker, TestClient listener) =>
        (_certificate, _node, TlsUri, _speaker, _listener) = (certificate, node, tls, speaker, listener);

    public string Room => "street";

    /// <summary>Many large messages go there.</summary>
    public string BusyRoom => "busy";

    public Uri Uri => _node.BaseUri;

    public Uri TlsUri { get; }

    public NodeProcess Process => _node.Process;

    /// <summary>How attackers ended, and how often.</summary>
    public IReadOnlyDictionary<string, int> Ends => _ends;

    public static async Task<Street> OpenAsync(Attack attack)
    {
        var certificate = new PemCertificate();
        var node = await RunningNode.StartAsync(new NodeOptions().With(
        [
            ("Kestrel:Endpoints:Http:Url", "http://127.0.0.1:0"),
            ("Kestrel:Endpoints:Https:Url", "https://127.0.0.1:0"),
            ("Kestrel:Endpoints:Https:Certificate:Path", certificate.Path),
            ("Kestrel:Endpoints:Https:Certificate:KeyPath", certificate.KeyPath),
            // Short, so that a run of seconds sees them.
            ("Fanout:Limits:HandshakeTimeout", "00:00:01.5"),
            ("Fanout:Limits:StallTimeout", "00:00:02"),
            ("Fanout:Heartbeat:Interval", "00:00:01"),
            ("Fanout:Heartbeat:Timeout", "00:00:03"),
            ("Fanout:Rooms:0:Pattern", "busy"),
            ("Fanout:Rooms:0:HistorySize", "0"),
            .. attack.Settings,
        ]));
        var listener = await node.JoinAsync("street");
        var speaker = await node.ConnectAsync();
        return new Street(certificate, node, await TlsNode.TlsUriOfAsync(node), speaker, listener);
    }

    /// <summary>The speaker says something every 10 ms, and the listener hears it.</summary>
    /// <returns>From the send to the receipt, each, in milliseconds.</returns>
    public async Task<double[]> TalkAsync(TimeSpan time)
    {
        var latencies = new List<double>();
        for (var began = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(began) < time;)
        {
            _published++;
            var sent = Stopwatch.GetTimestamp();
            await _speaker.PublishWithoutAckAsync(Room, _published);
            await _listener.WaitForMessagesAsync(Room, _published);
            latencies.Add(Stopwatch.GetElapsedTime(sent).TotalMilliseconds);
            await Task.Delay(BetweenMessages, CancellationToken.None);
        }

        latencies.Sort();
        return [.. latencies];
    }

    /// <summary>The neighbours have every message, once and in order, and nobody has cut them.</summary>
    public bool IsAtPeace => !_listener.Closed.IsCompleted && !_speaker.Closed.IsCompleted
        && _listener.Messages(Room).Select(message => (int)message.Integer("payload")!).SequenceEqual(Enumerable.Range(1, _published));

    /// <summary>Attacks until told to stop.</summary>
    public async Task SufferAsync(Attack attack, CancellationToken stop)
    {
        var attackers = Enumerable.Range(0, attack.Connections).Select(_ => Task.Run(() => AgainAsync(attack, stop), CancellationToken.None)).ToList();
        if (attack.Expected == "closed 4001")
            attackers.Add(Task.Run(() => FillAsync(stop), CancellationToken.None));
        await Task.WhenAll(attackers).WithDeadline("the attackers to stop", Deadlines.Default + TimeSpan.FromSeconds(20));
    }

    public async ValueTask DisposeAsync()
    {
        await _speaker.DisposeAsync();
        await _listener.DisposeAsync();
        await _node.DisposeAsync();
        _certificate.Dispose();
    }

    private async Task AgainAsync(Attack attack, CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            string end;
            try
            {
                end = await attack.OneAsync(this, stop);
            }
            catch (RefusedException e)
            {
                end = $"answered {e.Status}";
            }
            catch (OperationCanceledException)
            {
                return;
            }
            catch (Exception e) when (e is System.Net.Sockets.SocketException or EndOfStreamException)
            {
                end = "reset";
            }

            _ends.AddOrUpdate(end, 1, (_, count) => count + 1);
            // A refusal is quick: without a pause this would measure the attacker's own loop.
            await Task.Delay(TimeSpan.FromMilliseconds(10), CancellationToken.None);
        }
    }

    private async Task FillAsync(CancellationToken stop)
    {
        var payload = Words.PadRight(16 * 1024);
        while (!stop.IsCancellationRequested)
        {
            await _node.Api.PublishRawAsync(BusyRoom, payload);
            await Task.Delay(TimeSpan.FromMilliseconds(2), CancellationToken.None);
        }
    }
}
