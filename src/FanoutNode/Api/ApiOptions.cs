namespace Fanout.Node.Api;

/// <summary>Settings under <c>Fanout:Api</c>.</summary>
internal sealed class ApiOptions
{
    /// <summary>Who may use the HTTP API. Without any it is closed, except in the Development environment, where it is open.</summary>
    public List<ApiKeyOptions> Keys { get; set; } = [];
}

/// <summary>One caller of the API.</summary>
internal sealed class ApiKeyOptions
{
    /// <summary>For logs; never the key itself.</summary>
    public string Name { get; set; } = "";

    /// <summary>What stands in <c>X-Api-Key</c>.</summary>
    public string Key { get; set; } = "";

    /// <summary><c>publish</c>, <c>read</c>, <c>admin</c>.</summary>
    public List<string> Scopes { get; set; } = [];

    /// <summary>Whose idempotency keys this caller's are; no user of a socket has such a name. Without a colon, which stands between it and the key.</summary>
    internal string Principal => field ??= "api." + Name.Replace("%", "%25", StringComparison.Ordinal).Replace(":", "%3A", StringComparison.Ordinal);
}
