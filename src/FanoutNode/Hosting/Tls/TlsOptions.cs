namespace Fanout.Node.Hosting.Tls;

/// <summary>Settings under <c>Fanout:Tls</c>. Which certificates there are, ASP.NET's own settings say (<c>Kestrel</c>).</summary>
internal sealed class TlsOptions
{
    /// <summary>How often the PEM files of certificates are looked at; a renewed one is used from then on, for new connections. 0: never.</summary>
    public TimeSpan ReloadInterval { get; set; } = TimeSpan.FromMinutes(1);
}
