using System.Collections.Concurrent;
using System.Text.RegularExpressions;
using Fanout.Tests.Integration.Support;
using Fanout.Tests.TestKit;
using Fanout.Tests.TestKit.Nodes;

namespace Fanout.Tests.Integration.Hostile;

/// <summary>A node with a pair of neighbours that talk to each other, a busy room, and whoever attacks it.</summary>
internal sealed class Street : IAsyncDisposable
{
    private readonly PemCertificate _certificate;
    private readonly RunningNode _node;
    private readonly Neighbours _neighbours;
    private readonly ConcurrentDictionary<string, int> _ends = new();

    private Street(PemCertificate certificate, RunningNode node, Uri tls, Neighbours neighbours) =>
        (_certificate, _node, TlsUri, _neighbours) = (certificate, node, tls, neighbours);

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
            ("Fanout:Heartbeat:Interval", "00:00:02"),
            // The neighbours answer pings only while they talk: short only where an attacker's silence is to be seen.
            ("Fanout:Heartbeat:Timeout", attack.Expected == "closed 4000" ? "00:00:06" : "00:01:00"),
            // The neighbours' own.
            ("Fanout:Limits:MessageBurst", "1000"),
            ("Fanout:Rooms:0:Pattern", "busy"),
            ("Fanout:Rooms:0:HistorySize", "0"),
            .. attack.Settings,
        ]));
        return new Street(certificate, node, await TlsNode.TlsUriOfAsync(node), Neighbours.MoveIn(node.BaseUri, "street"));
    }

    /// <inheritdoc cref="Neighbours.TalkAsync"/>
    public Task<double[]> TalkAsync(TimeSpan time) => _neighbours.TalkAsync(time);

    /// <inheritdoc cref="Neighbours.Complaint"/>
    public string? Complaint => _neighbours.Complaint;

    /// <summary>Whether an attacker ended so, or the node counts one.</summary>
    public async Task<bool> SawAsync(string end, string? reason) => _ends.ContainsKey(end)
        || (reason is not null && Regex.IsMatch((await _node.Api.GetAsync("/metrics")).Text, $"reason=\"{reason}\"}} [1-9]"));

    /// <summary>Attacks until told to stop.</summary>
    public async Task SufferAsync(Attack attack, CancellationToken stop)
    {
        var attackers = Enumerable.Range(0, attack.Connections).Select(_ => Task.Run(() => AgainAsync(attack, stop), CancellationToken.None)).ToList();
        if (attack.Expected == "closed 4001")
            attackers.Add(Task.Run(() => FillAsync(stop), CancellationToken.None));
        // From the word on: how long they attack is for the caller to say.
        await Task.Delay(Timeout.Infinite, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await Task.WhenAll(attackers).WithDeadline("the attackers to stop", Deadlines.Default + TimeSpan.FromSeconds(20));
    }

    public async ValueTask DisposeAsync()
    {
        _neighbours.Dispose();
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
        var payload = '"' + new string('x', 64 * 1024) + '"';
        while (!stop.IsCancellationRequested)
            await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => _node.Api.PublishRawAsync(BusyRoom, payload)));
    }
}
