using System.Globalization;
using System.Security.Cryptography;

namespace Fanout.Node.Hosting.Tls;

/// <summary>Looks at the PEM files of all certificates now and then, and says what it found.</summary>
/// <remarks>
/// Kestrel can do so by itself, but it starts the whole endpoint anew, which cuts every socket on it: a renewal at night would be a
/// reconnect storm. Here connections stay, and only new ones see the new certificate.
/// </remarks>
internal sealed partial class CertificateReloader(TlsCertificates certificates, TlsOptions options, TimeProvider time, ILogger<CertificateReloader> logger) : BackgroundService
{
    // Most are renewed 30 days ahead; whoever has less than this forgot, or the renewal fails.
    private static readonly TimeSpan ExpiresSoon = TimeSpan.FromDays(14);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        foreach (var files in certificates.All)
            Report(files);
        if (options.ReloadInterval <= TimeSpan.Zero || certificates.All.Count == 0)
            return;
        while (true)
        {
            await Task.Delay(options.ReloadInterval, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (stoppingToken.IsCancellationRequested)
                return;
            foreach (var files in certificates.All)
                Refresh(files);
        }
    }

    private void Refresh(PemFiles files)
    {
        try
        {
            if (files.Refresh())
                Report(files);
        }
        catch (Exception e) when (e is CryptographicException or IOException or UnauthorizedAccessException)
        {
            // Said at each look, once a minute: it is still wrong.
            LogFailed(logger, files.Path, e.Message);
        }
    }

    private void Report(PemFiles files)
    {
        var end = files.Current.TargetCertificate.NotAfter.ToUniversalTime();
        var text = end.ToString("u", CultureInfo.InvariantCulture);
        if (end - time.GetUtcNow().UtcDateTime < ExpiresSoon)
            LogEndsSoon(logger, files.Path, text);
        else
            LogInUse(logger, files.Path, text);
    }

    [LoggerMessage(1610, LogLevel.Information, "The certificate in {Path} is in use; it ends {End}", EventName = "CertificateInUse")]
    private static partial void LogInUse(ILogger logger, string path, string end);

    [LoggerMessage(1611, LogLevel.Warning, "The certificate in {Path} is in use and ends soon: {End}", EventName = "CertificateEndsSoon")]
    private static partial void LogEndsSoon(ILogger logger, string path, string end);

    [LoggerMessage(1612, LogLevel.Warning, "The changed certificate in {Path} cannot be used, the one before stays: {Problem}", EventName = "CertificateUnusable")]
    private static partial void LogFailed(ILogger logger, string path, string problem);
}
