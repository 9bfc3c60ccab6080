using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Fanout.Node.Hosting.Tls;

/// <summary>A certificate with its chain in one PEM file and its key in another, read again when they change.</summary>
internal sealed class PemFiles
{
    private readonly string _path;
    private readonly string _keyPath;
    private readonly string? _password;
    private byte[] _seen;

    /// <exception cref="CryptographicException">The files hold no certificate and key that belong together.</exception>
    /// <exception cref="IOException">A file cannot be read.</exception>
    public PemFiles(string path, string keyPath, string? password)
    {
        (_path, _keyPath, _password) = (path, keyPath, password);
        _seen = Fingerprint();
        Current = Read();
    }

    public string Path => _path;

    /// <summary>What new connections are greeted with.</summary>
    public SslStreamCertificateContext Current { get; private set; }

    /// <summary>Reads the files again if they are others than last time. After a failure the one before stays in use, and the next call tries again.</summary>
    /// <returns>Whether there is another certificate now.</returns>
    /// <exception cref="CryptographicException">As at the start; also where only one of the two files has been replaced yet.</exception>
    /// <exception cref="IOException">As at the start.</exception>
    public bool Refresh()
    {
        // By content: what renews certificates moves links, keeps times, or writes in place.
        var now = Fingerprint();
        if (now.AsSpan().SequenceEqual(_seen))
            return false;
        // Before the handshakes that use the old one are through, so it is left to the collector.
        Current = Read();
        _seen = now;
        return true;
    }

    private byte[] Fingerprint() => [.. SHA256.HashData(File.ReadAllBytes(_path)), .. SHA256.HashData(File.ReadAllBytes(_keyPath))];

    private SslStreamCertificateContext Read()
    {
        var leaf = _password is null ? X509Certificate2.CreateFromPemFile(_path, _keyPath) : X509Certificate2.CreateFromEncryptedPemFile(_path, _password, _keyPath);
        var all = new X509Certificate2Collection();
        all.ImportFromPemFile(_path);
        var chain = new X509Certificate2Collection(all.Where(certificate => certificate.Thumbprint != leaf.Thumbprint).ToArray());
        // Offline: a certificate authority that cannot be reached must not hold a handshake.
        return SslStreamCertificateContext.Create(leaf, chain, offline: true);
    }
}
