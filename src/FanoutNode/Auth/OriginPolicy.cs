namespace Fanout.Node.Auth;

/// <summary>From which pages a browser may open a socket. Without it, any page could use a visitor's cookies or network (RFC 6455, section 10.2).</summary>
internal sealed class OriginPolicy(AuthOptions options)
{
    private readonly HashSet<string> _allowed = new(options.AllowedOrigins.Select(origin => origin.TrimEnd('/')), StringComparer.OrdinalIgnoreCase);

    /// <summary>Whether a request with this Origin may come in. No Origin: not a browser, allowed.</summary>
    public bool IsAllowed(string? origin, string? host)
    {
        if (string.IsNullOrEmpty(origin) || _allowed.Contains("*") || _allowed.Contains(origin))
            return true;
        return _allowed.Count == 0 && IsSameHost(origin, host);
    }

    /// <summary>Whether the page came from the very host that is asked.</summary>
    public static bool IsSameHost(string origin, string? host) => Uri.TryCreate(origin, UriKind.Absolute, out var uri)
        && (string.Equals(uri.Authority, host, StringComparison.OrdinalIgnoreCase)
            || string.Equals($"{uri.Host}:{uri.Port}", host, StringComparison.OrdinalIgnoreCase));
}
