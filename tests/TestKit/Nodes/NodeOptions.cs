namespace Fanout.Tests.TestKit.Nodes;

/// <summary>
/// How a node is started; the defaults give one that accepts anonymous clients and one API key, on a free port, in memory.
/// </summary>
public sealed record NodeOptions
{
    public const string ApiKey = "test-key";

    /// <summary>
    /// Settings by their configuration names ("Fanout:Redis:ConnectionString"); they win over the defaults, and null removes one.
    /// </summary>
    public IReadOnlyDictionary<string, string?> Settings { get; init; } = new Dictionary<string, string?>();

    /// <summary>Environment variables as they are, for what is no setting (DOTNET_gcServer, OTEL_...).</summary>
    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>();

    public string EnvironmentName { get; init; } = "Production";

    public string Urls { get; init; } = "http://127.0.0.1:0";

    /// <summary>False returns as soon as the node listens, for tests in which it cannot get ready.</summary>
    public bool WaitUntilReady { get; init; } = true;

    public TimeSpan? Deadline { get; init; }

    /// <summary>The same node with some settings more.</summary>
    public NodeOptions With(params (string Name, string? Value)[] settings)
    {
        var all = new Dictionary<string, string?>(Settings);
        foreach (var (name, value) in settings)
            all[name] = value;
        return this with { Settings = all };
    }

    /// <summary>The same node behind this Redis.</summary>
    public NodeOptions WithRedis(string connectionString, string? prefix = null) =>
        prefix is null
            ? With(("Fanout:Redis:ConnectionString", connectionString))
            : With(("Fanout:Redis:ConnectionString", connectionString), ("Fanout:Redis:Prefix", prefix));
}
