using System.Collections.Concurrent;
using System.Reflection;
using System.Security.Cryptography;
using System.Text;
using StackExchange.Redis;

namespace Fanout.Node.Backplane.Redis;

/// <summary>
/// A Lua script of this assembly, one file each under <c>Scripts</c>, with its keys and arguments listed on top. All are loaded at each connect;
/// what is sent is the hash.
/// </summary>
internal sealed class RedisScript
{
    private const string Extension = ".lua";
    private static readonly ConcurrentDictionary<string, RedisScript> Loaded = new();

    private readonly string _text;

    private readonly byte[] _hash;

    private RedisScript(string text)
    {
        _text = text;
#pragma warning disable CA5350 // The name that Redis gives a script; nothing is protected by it.
        _hash = SHA1.HashData(Encoding.UTF8.GetBytes(text));
#pragma warning restore CA5350
    }

    public static RedisScript Named(string name) => Loaded.GetOrAdd(name, static key =>
    {
        using var stream = Assembly.GetExecutingAssembly().GetManifestResourceStream(key + Extension)
            ?? throw new InvalidOperationException($"The script {key}.lua is not embedded in the assembly.");
        using var reader = new StreamReader(stream);
        return new RedisScript(reader.ReadToEnd());
    });

    /// <summary>Loads all scripts on a server.</summary>
    public static Task LoadAllAsync(IServer server) => Task.WhenAll(
        Assembly.GetExecutingAssembly().GetManifestResourceNames().Where(name => name.EndsWith(Extension, StringComparison.Ordinal))
            .Select(name => server.ScriptLoadAsync(Named(name[..^Extension.Length])._text)));

    /// <summary>Runs it. If the server does not know it (any more), the library loads it and sends the command once more.</summary>
    public Task<RedisResult> RunAsync(IDatabaseAsync database, RedisKey[] keys, params RedisValue[] arguments) =>
        database.ScriptEvaluateAsync(_text, keys, arguments);

    /// <summary>Runs it at most once, behind whatever was sent before: sent once more it could be overtaken by what came after it.</summary>
    public Task<RedisResult> RunInOrderAsync(IDatabaseAsync database, RedisKey[] keys, params RedisValue[] arguments) =>
        database.ScriptEvaluateAsync(_hash, keys, arguments);
}
