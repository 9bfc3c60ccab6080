using System.Globalization;
using Fanout.Cli.Doctor;
using StackExchange.Redis;

namespace Fanout.Cli.Redis;

/// <summary>What only CONFIG GET tells; managed services often forbid it.</summary>
internal sealed class ConfigChecks(Findings findings, IServer server)
{
    private const string Area = RedisDoctor.Area;
    private const string BufferLimit = "client-output-buffer-limit";

    // Redis's own default, in bytes and seconds.
    private const long DefaultHard = 32L << 20;
    private const long DefaultSoft = 8L << 20;

    public async Task CheckAsync()
    {
        string? limits, timeout;
        try
        {
            limits = await ReadAsync(BufferLimit);
            timeout = await ReadAsync("timeout");
        }
        catch (RedisServerException)
        {
            findings.Skip(Area, "pubsub buffer", "not checked: CONFIG GET is forbidden", $"Look in the service's console for {BufferLimit} pubsub; 256mb 64mb 60 is what nodes want.");
            return;
        }

        CheckBuffer(limits);
        if (timeout is null or "0")
            findings.Ok(Area, "idle timeout", "0: idle connections stay");
        else
            findings.Warn(Area, "idle timeout", $"{timeout} s", "Redis cuts connections that are silent for so long; nodes connect again, and read what they missed. Set timeout 0.");
    }

    private async Task<string?> ReadAsync(string name) =>
        (await server.ConfigGetAsync(name)).Where(pair => pair.Key == name).Select(pair => pair.Value).FirstOrDefault();

    // normal 0 0 0 slave 268435456 67108864 60 pubsub 33554432 8388608 60
    private void CheckBuffer(string? limits)
    {
        var words = (limits ?? "").Split(' ');
        var at = Array.IndexOf(words, "pubsub");
        if (at < 0 || at + 3 >= words.Length
            || !long.TryParse(words[at + 1], NumberStyles.None, CultureInfo.InvariantCulture, out var hard)
            || !long.TryParse(words[at + 2], NumberStyles.None, CultureInfo.InvariantCulture, out var soft))
        {
            findings.Skip(Area, "pubsub buffer", "not checked: the answer is in a form that is not known");
            return;
        }

        var text = $"pubsub {Megabytes(hard)} {Megabytes(soft)} {words[at + 3]}";
        const string Set = $"CONFIG SET {BufferLimit} \"pubsub 256mb 64mb 60\", and in redis.conf.";
        if (hard == 0)
            findings.Warn(Area, "pubsub buffer", text + " (no limit)", "A node that is stuck fills Redis's memory, and takes the others with it. " + Set);
        else if (hard <= DefaultHard || (soft > 0 && soft <= DefaultSoft))
            findings.Warn(Area, "pubsub buffer", text, "A node that pauses for a second in a busy moment is cut off, and must read everything again. " + Set);
        else
            findings.Ok(Area, "pubsub buffer", text);
    }

    private static string Megabytes(long bytes) => string.Create(CultureInfo.InvariantCulture, $"{bytes >> 20}mb");
}
