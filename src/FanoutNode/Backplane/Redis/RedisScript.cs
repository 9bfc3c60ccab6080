using System.Collections.Concurrent;
using System.Reflection;
using StackExchange.Redis;

namespace Fanout.Node.Backplane.Redis;

/// <summary>
/// A Lua script of this assembly, one file each under <c>Scripts</c>, with its keys and arguments listed on top. The library loads it on a
/// server before its first use there and then sends its hash.
/// </summary>
internal sealed class RedisScript
{
    private static readonly ConcurrentDictionary<string, RedisScript> Loaded = new();

    private readonly string _text;

    private RedisScript(string text) => _text = text;

    public static RedisScript Named(string name) => Loaded.GetOrAdd(name, static key =>
    {
        using var stream = Assembly.GetExecutingAssembly().GetManifestResourceStream(key + ".lua")
            ?? throw new InvalidOperationException($"The script {key}.lua is not embedded in the assembly.");
        using var reader = new StreamReader(stream);
        return new RedisScript(reader.ReadToEnd());
    });

    public Task<RedisResult> RunAsync(IDatabaseAsync database, RedisKey[] keys, params RedisValue[] arguments) =>
        database.ScriptEvaluateAsync(_text, keys, arguments);
}
