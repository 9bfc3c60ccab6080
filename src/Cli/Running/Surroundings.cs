namespace Fanout.Cli.Running;

/// <summary>
/// What the environment says: the tool's own variables, and, inside a node's container or shell, the node's settings, so that
/// <c>docker compose exec node1 fanout nodes</c> needs no arguments.
/// </summary>
internal static class Surroundings
{
    public const string DefaultUrl = "http://localhost:8080";

    public static string? Url => Get("FANOUT_URL") ?? NodeUrl;

    public static string? ApiKey => Get("FANOUT_API_KEY") ?? NodeApiKey;

    public static string? Token => Get("FANOUT_TOKEN");

    public static string? Redis => Get("FANOUT_REDIS") ?? Get("Fanout__Redis__ConnectionString");

    public static string? RedisPrefix => Get("FANOUT_REDIS_PREFIX") ?? Get("Fanout__Redis__Prefix");

    public static string? SigningKey => Get("FANOUT_SIGNING_KEY") ?? Get("Fanout__Auth__Jwt__SigningKey");

    public static string? Issuer => Get("Fanout__Auth__Jwt__Issuer");

    public static string? Audience => Get("Fanout__Auth__Jwt__Audience");

    /// <summary>https://no-color.org: any value but the empty one.</summary>
    public static bool NoColor => Get("NO_COLOR") is not null || Get("TERM") == "dumb";

    private static string? NodeApiKey => Get("Fanout__Api__Keys__0__Key");

    // Only beside a node's settings: ASPNETCORE_HTTP_PORTS alone may belong to any service.
    private static string? NodeUrl
    {
        get
        {
            if (Get("Fanout__Admin__Port") is { } admin and not "0")
                return $"http://localhost:{admin}";
            return NodeApiKey is not null && Get("ASPNETCORE_HTTP_PORTS") is { } ports ? $"http://localhost:{ports.Split(';', ',')[0]}" : null;
        }
    }

    // A variable that is set to nothing is one that is not set, as in compose files with ${NAME:-}.
    private static string? Get(string name) => Environment.GetEnvironmentVariable(name) is { Length: > 0 } value ? value : null;
}
