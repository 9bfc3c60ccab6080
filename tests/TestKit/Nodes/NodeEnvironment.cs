using System.Diagnostics;

namespace Fanout.Tests.TestKit.Nodes;

/// <summary>Turns <see cref="NodeOptions"/> into the environment of the node's process.</summary>
internal static class NodeEnvironment
{
    private static readonly Dictionary<string, string?> Defaults = new()
    {
        ["Fanout:Auth:AllowAnonymous"] = "true",
        ["Fanout:Api:Keys:0:Name"] = "tests",
        ["Fanout:Api:Keys:0:Key"] = NodeOptions.ApiKey,
        ["Fanout:Api:Keys:0:Scopes:0"] = "publish",
        ["Fanout:Api:Keys:0:Scopes:1"] = "read",
        ["Fanout:Api:Keys:0:Scopes:2"] = "admin",
    };

    // What the test runner or the developer's shell has set must not reach the node.
    private static readonly string[] NotInherited =
        ["Fanout__", "ASPNETCORE_", "OTEL_", "DOTNET_ENVIRONMENT", "DOTNET_URLS", "DOTNET_STARTUP_HOOKS"];

    public static void Apply(NodeOptions options, ProcessStartInfo info)
    {
        foreach (var name in info.Environment.Keys.ToList())
        {
            if (NotInherited.Any(prefix => name.StartsWith(prefix, StringComparison.OrdinalIgnoreCase)))
                info.Environment.Remove(name);
        }

        info.Environment["ASPNETCORE_URLS"] = options.Urls;
        info.Environment["ASPNETCORE_ENVIRONMENT"] = info.Environment["DOTNET_ENVIRONMENT"] = options.EnvironmentName;
        foreach (var (name, value) in Settings(options))
            info.Environment[name.Replace(":", "__", StringComparison.Ordinal)] = value;
        foreach (var (name, value) in options.Environment)
            info.Environment[name] = value;
    }

    private static Dictionary<string, string> Settings(NodeOptions options)
    {
        var settings = new Dictionary<string, string?>(Defaults, StringComparer.OrdinalIgnoreCase);
        foreach (var (name, value) in options.Settings)
            settings[name] = value;
        return settings.Where(setting => setting.Value is not null).ToDictionary(setting => setting.Key, setting => setting.Value!);
    }
}
