using System.Net;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Fanout.Tests.Integration.Support;

/// <summary>A certificate for localhost in two PEM files, which can be renewed in place.</summary>
public sealed class PemCertificate : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("fanout-tls-");

    public PemCertificate() => Renew();

    public string Path => System.IO.Path.Combine(_directory.FullName, "node.pem");

    public string KeyPath => System.IO.Path.Combine(_directory.FullName, "node.key");

    /// <summary>The fingerprint of what the files hold now.</summary>
    public string Hash { get; private set; } = "";

    /// <summary>Trusts what the files hold at the time of the handshake, and no other.</summary>
    public SslClientAuthenticationOptions Trust => new()
    {
        TargetHost = "localhost",
        RemoteCertificateValidationCallback = (_, certificate, _, _) => certificate?.GetCertHashString() == Hash,
    };

    /// <summary>Another certificate with another key, in the same files.</summary>
    public void Renew()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("localhost");
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        using var certificate = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(90));
        File.WriteAllText(Path, certificate.ExportCertificatePem());
        File.WriteAllText(KeyPath, key.ExportPkcs8PrivateKeyPem());
        Hash = certificate.GetCertHashString();
    }

    /// <summary>What a renewal leaves that broke off half-way.</summary>
    public void WriteHalfAKey() => File.WriteAllText(KeyPath, "-----BEGIN PRIVATE KEY-----\nMIG");

    public void Dispose() => _directory.Delete(recursive: true);
}
