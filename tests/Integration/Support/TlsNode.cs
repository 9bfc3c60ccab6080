using System.Net.Security;
using Fanout.Tests.TestKit.Nodes;
using Fanout.Tests.TestKit.Sockets;
using Xunit;

namespace Fanout.Tests.Integration.Support;

/// <summary>A node that listens twice: plain, and with TLS by PEM files of its own.</summary>
public sealed class TlsNode : IAsyncLifetime
{
    private readonly PemCertificate _certificate = new();

    public RunningNode Node { get; private set; } = null!;

    public Uri PlainUri => Node.BaseUri;

    public Uri TlsUri { get; private set; } = null!;

    /// <summary>Trusts the node's certificate and no other.</summary>
    public SslClientAuthenticationOptions Trust => _certificate.Trust;

    public async ValueTask InitializeAsync()
    {
        Node = await RunningNode.StartAsync(new NodeOptions().With(
            ("Fanout:Auth:Jwt:SigningKey", Tokens.SigningKey),
            ("Kestrel:Endpoints:Http:Url", "http://127.0.0.1:0"),
            ("Kestrel:Endpoints:Https:Url", "https://127.0.0.1:0"),
            ("Kestrel:Endpoints:Https:Certificate:Path", _certificate.Path),
            ("Kestrel:Endpoints:Https:Certificate:KeyPath", _certificate.KeyPath)));
        TlsUri = await TlsUriOfAsync(Node);
    }

    public async ValueTask DisposeAsync()
    {
        await Node.DisposeAsync();
        _certificate.Dispose();
    }

    /// <summary>TCP only, or TCP and TLS.</summary>
    public Task<RawWebSocket> OpenAsync(bool tls) => RawWebSocket.OpenAsync(Uri(tls), new RawWebSocketOptions { Tls = Trust });

    public Uri Uri(bool tls) => tls ? TlsUri : PlainUri;

    /// <summary>Where a node says that it listens with TLS.</summary>
    public static async Task<Uri> TlsUriOfAsync(RunningNode node)
    {
        var line = await node.Process.WaitForLogAsync("Now listening on: https://");
        return new Uri("https://" + line[(line.IndexOf("https://", StringComparison.Ordinal) + 8)..].Split('"', ' ')[0]);
    }
}
