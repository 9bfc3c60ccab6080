using Testcontainers.Redis;

namespace Fanout.Tests.TestKit.Redis;

/// <summary>
/// Redis in a container. DOCKER_HOST, DOCKER_API_VERSION, TESTCONTAINERS_RYUK_DISABLED and the like are Testcontainers' own to
/// read.
/// </summary>
internal static class ContainerRedis
{
    private const string DefaultImage = "redis:8.2-alpine";

    private const string OlderEngines = " (One that runs but is older than the library may need DOCKER_API_VERSION, for example 1.41.)";

    // A local engine answers a ping in milliseconds, one that is starting up in seconds.
    private static readonly TimeSpan ForTheEngine = TimeSpan.FromSeconds(10);

    // The image may have to be pulled, about 20 MB.
    private static readonly TimeSpan ForTheStart = TimeSpan.FromSeconds(90);

    /// <summary>A running container, or null after telling <paramref name="log"/> why there is none.</summary>
    public static async Task<RedisContainer?> TryStartAsync(Action<string> log)
    {
        var image = Environment.GetEnvironmentVariable("FANOUT_TEST_REDIS_IMAGE") is { Length: > 0 } named ? named : DefaultImage;
        RedisContainer? container = null;
        try
        {
            // Build() pings the engine, synchronously and without a deadline of its own.
            container = await Task.Run(() => new RedisBuilder(image).Build()).WithDeadline("a Docker engine", ForTheEngine);
            await Deadlines.RunAsync(cancelled => container.StartAsync(cancelled), $"a container of {image}", ForTheStart);
            return container;
        }
        catch (Exception e)
        {
            log($"No Redis from Docker ({image}), trying redis-server: {FirstLine(e)}"
                + (container is null ? OlderEngines : ""));
            if (container is not null)
                await TryDisposeAsync(container);
            return null;
        }
    }

    private static async Task TryDisposeAsync(RedisContainer container)
    {
        try
        {
            await container.DisposeAsync().AsTask().WithDeadline("the container's end", ForTheEngine);
        }
        catch (Exception)
        {
            // The engine that could not start it need not be able to remove it; the reason was logged already.
        }
    }

    private static string FirstLine(Exception e) => $"{e.GetType().Name}: {e.Message.Split('\n')[0].Trim()}";
}
