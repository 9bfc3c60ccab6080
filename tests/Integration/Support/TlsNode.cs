using System.Net;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Fanout.Tests.TestKit.Nodes;
using Fanout.Tests.TestKit.Sockets;
using Xunit;

namespace Fanout.Tests.Integration.Support;

/// <summary>A node that listens twice: plain, and with TLS by PEM files of its own.</summary>
public sealed class TlsNode : IAsyncLifetime
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("fanout-tls-");
    private X509Certificate2 _certificate = null!;

    public RunningNode Node { get; private set; } = null!;

    public Uri PlainUri => Node.BaseUri;

    public Uri TlsUri { get; private set; } = null!;

    /// <summary>Trusts the node's certificate and no other.</summary>
    public SslClientAuthenticationOptions Trust => new()
    {
        TargetHost = "localhost",
        RemoteCertificateValidationCallback = (_, certificate, _, _) => certificate?.GetCertHashString() == _certificate.GetCertHashString(),
    };

    public async ValueTask InitializeAsync()
    {
        var (path, keyPath) = WriteCertificate();
        Node = await RunningNode.StartAsync(new NodeOptions().With(
            ("Fanout:Auth:Jwt:SigningKey", Tokens.SigningKey),
            ("Kestrel:Endpoints:Http:Url", "http://127.0.0.1:0"),
            ("Kestrel:Endpoints:Https:Url", "https://127.0.0.1:0"),
            ("Kestrel:Endpoints:Https:Certificate:Path", path),
            ("Kestrel:Endpoints:Https:Certificate:KeyPath", keyPath)));
        var line = await Node.Process.WaitForLogAsync("Now listening on: https://");
        TlsUri = new Uri("https://" + line[(line.IndexOf("https://", StringComparison.Ordinal) + 8)..].Split('"', ' ')[0]);
    }

    public async ValueTask DisposeAsync()
    {
        await Node.DisposeAsync();
        _certificate.Dispose();
        _directory.Delete(recursive: true);
    }

    /// <summary>TCP only, or TCP and TLS.</summary>
    public Task<RawWebSocket> OpenAsync(bool tls) => RawWebSocket.OpenAsync(Uri(tls), new RawWebSocketOptions { Tls = Trust });

    public Uri Uri(bool tls) => tls ? TlsUri : PlainUri;

    private (string Path, string KeyPath) WriteCertificate()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("localhost");
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        _certificate = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        var (path, keyPath) = (Path.Combine(_directory.FullName, "node.pem"), Path.Combine(_directory.FullName, "node.key"));
        File.WriteAllText(path, _certificate.ExportCertificatePem());
        File.WriteAllText(keyPath, key.ExportPkcs8PrivateKeyPem());
        return (path, keyPath);
    }
}
