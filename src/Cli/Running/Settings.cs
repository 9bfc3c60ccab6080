using System.CommandLine;

namespace Fanout.Cli.Running;

/// <summary>Where to, as whom, and how: from the arguments, else the environment.</summary>
internal sealed record Settings(Uri Url, string? ApiKey, string? Token, TimeSpan? Timeout, bool Insecure)
{
    public static readonly TimeSpan DefaultTimeout = TimeSpan.FromSeconds(10);

    /// <summary>How long one answer may take.</summary>
    public TimeSpan AnswerTimeout => Timeout ?? DefaultTimeout;

    public bool IsLocal => Url.IsLoopback;

    public static Settings From(ParseResult parsed, GlobalOptions options) => new(
        ReadUrl(parsed.GetValue(options.Url) ?? Surroundings.Url ?? Surroundings.DefaultUrl),
        parsed.GetValue(options.ApiKey) ?? Surroundings.ApiKey,
        parsed.GetValue(options.Token) ?? Surroundings.Token,
        parsed.GetValue(options.Timeout),
        parsed.GetValue(options.Insecure));

    /// <summary>A path below the URL, which may itself have one: <c>https://example.org/fanout</c>.</summary>
    public Uri At(string path) => new(Url.AbsoluteUri.TrimEnd('/') + path);

    private static Uri ReadUrl(string text)
    {
        var full = text.Contains("://", StringComparison.Ordinal) ? text : "http://" + text;
        if (!Uri.TryCreate(full, UriKind.Absolute, out var uri) || uri.Host.Length == 0)
            throw CliException.Usage("The URL is malformed.", $"Write it like {Surroundings.DefaultUrl} (--url or FANOUT_URL).");
        if (uri.UserInfo.Length > 0 || uri.Query.Length > 0 || uri.Fragment.Length > 0)
            throw CliException.Usage("The URL may hold a host, a port and a path, and nothing else.", "A key goes into FANOUT_API_KEY, a token into FANOUT_TOKEN.");
        return uri.Scheme switch
        {
            "http" or "https" => uri,
            "ws" => new UriBuilder(uri) { Scheme = "http" }.Uri,
            "wss" => new UriBuilder(uri) { Scheme = "https" }.Uri,
            _ => throw CliException.Usage($"The URL's scheme is '{uri.Scheme}'; it must be http or https."),
        };
    }
}
