using System.Security.Cryptography;
using Fanout.Node.Hosting.Settings;
using Microsoft.AspNetCore.Server.Kestrel.Https;

namespace Fanout.Node.Hosting.Tls;

/// <summary>
/// The PEM certificates that <c>Kestrel:Certificates:Default</c> and <c>Kestrel:Endpoints:*:Certificate</c> name (<c>Path</c> with <c>KeyPath</c>).
/// Those of other kinds (PFX files, stores, certificates chosen by SNI) are Kestrel's, and read once.
/// </summary>
internal sealed class TlsCertificates
{
    public const string DefaultSection = "Kestrel:Certificates:Default";

    private readonly Dictionary<string, PemFiles> _bySection = new(StringComparer.OrdinalIgnoreCase);

    /// <exception cref="SettingsException">Files are missing or do not fit together.</exception>
    public TlsCertificates(IConfiguration configuration)
    {
        var problems = new SettingProblems();
        Add(configuration.GetSection(DefaultSection), problems);
        foreach (var endpoint in configuration.GetSection("Kestrel:Endpoints").GetChildren())
            Add(endpoint.GetSection("Certificate"), problems);
        problems.ThrowIfAny();
    }

    public IReadOnlyCollection<PemFiles> All => _bySection.Values;

    /// <summary>Greets new connections with what is current, where the section names PEM files.</summary>
    public void Use(HttpsConnectionAdapterOptions https, string section)
    {
        if (!_bySection.TryGetValue(section, out var files))
            return;
        // Kestrel wants one or the other before it listens; the context below has the chain too, and comes first in the handshake.
        https.ServerCertificateSelector = (_, _) => files.Current.TargetCertificate;
        https.OnAuthenticate = (_, handshake) =>
        {
            handshake.ServerCertificateSelectionCallback = null;
            handshake.ServerCertificateContext = files.Current;
        };
    }

    private void Add(IConfigurationSection section, SettingProblems problems)
    {
        if (section["Path"] is not { Length: > 0 } path || section["KeyPath"] is not { Length: > 0 } keyPath)
            return;
        try
        {
            _bySection[section.Path] = new PemFiles(Path.GetFullPath(path, AppContext.BaseDirectory), Path.GetFullPath(keyPath, AppContext.BaseDirectory), section["Password"]);
        }
        catch (Exception e) when (e is CryptographicException or IOException or UnauthorizedAccessException or ArgumentException)
        {
            problems.AddLine($"{section.Path}: '{path}' and '{keyPath}' cannot be used: {e.Message.ReplaceLineEndings(" ")} They must be PEM files of a certificate and its key.");
        }
    }
}
