using Fanout.Cli.Doctor;
using StackExchange.Redis;

namespace Fanout.Cli.Redis;

/// <summary>Runs a script as nodes do, on keys and channels below their prefix, and waits for what it publishes.</summary>
internal sealed class ScriptCheck(Findings findings, ConnectionMultiplexer connection, string prefix, TimeSpan timeout)
{
    private const string Area = RedisDoctor.Area;
    private const string Script = "doctor_probe.lua";

    private static readonly TimeSpan KeyLife = TimeSpan.FromSeconds(30);

    public async Task CheckAsync()
    {
        var name = $"{prefix}{{doctor.{Guid.NewGuid():N}}}";
        var heard = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var channel = RedisChannel.Literal(name);
        try
        {
            var subscriber = connection.GetSubscriber();
            await subscriber.SubscribeAsync(channel, (_, _) => heard.TrySetResult());
            var database = connection.GetDatabase();
            await database.ScriptEvaluateAsync(await ReadScriptAsync(), [name + ":probe"], [name, (long)KeyLife.TotalMilliseconds]);
            findings.Ok(Area, "scripts", "run, and may write streams and publish");
            await heard.Task.WaitAsync(timeout);
            findings.Ok(Area, "pub/sub", "what a script publishes is heard");
            await database.KeyDeleteAsync(name + ":probe");
            await subscriber.UnsubscribeAsync(channel);
        }
        catch (RedisServerException e)
        {
            findings.Fail(Area, "scripts", RedisFaultText.Short(e), $"A node's user needs scripts, streams, PUBLISH and SUBSCRIBE on keys and channels that begin with '{prefix}'.");
        }
        catch (TimeoutException)
        {
            findings.Fail(Area, "pub/sub", "what a script publishes is not heard", "A proxy between that does not carry subscriptions? Nodes must reach Redis itself.");
        }
    }

    private static async Task<string> ReadScriptAsync()
    {
        await using var stream = typeof(ScriptCheck).Assembly.GetManifestResourceStream(Script)!;
        using var reader = new StreamReader(stream);
        return await reader.ReadToEndAsync();
    }
}
