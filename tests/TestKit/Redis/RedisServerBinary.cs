namespace Fanout.Tests.TestKit.Redis;

/// <summary>Finds redis-server.</summary>
internal static class RedisServerBinary
{
    public const string HowToInstall = "install redis-server 7.0 or later (Debian: apt-get install redis-server) so that it is on the PATH";

    /// <summary>The full path, or null.</summary>
    public static string? Find() =>
        (Environment.GetEnvironmentVariable("PATH") ?? "")
            .Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
            .Select(folder => Path.Combine(folder, "redis-server"))
            .FirstOrDefault(File.Exists);
}
