using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Fanout.Client.Connection;
using Fanout.Client.Threading;
using Fanout.Shared.Protocol;

namespace Fanout.Client;

/// <summary>Options that were looked at.</summary>
internal sealed class Settings
{
    /// <exception cref="ArgumentException">An option is wrong; the message names it, its value and what is right.</exception>
    public Settings(FanoutClientOptions options, Func<double>? random = null)
    {
        ArgumentNullException.ThrowIfNull(options);
        Options = options;
        Random = random ?? System.Random.Shared.NextDouble;
        string[] urls = options.Url is { } url ? [url, .. options.Urls] : [.. options.Urls];
        if (urls.Length == 0)
            throw Wrong(nameof(options.Url), "missing", "the address of a node, such as wss://push.example.com");
        Urls = [.. urls.Select(SocketUrl)];
        if (options.Token is not null && options.TokenProvider is not null)
            throw Wrong(nameof(options.Token), "set beside TokenProvider", "one of the two");
        if (options.Format is not (FanoutFormat.Json or FanoutFormat.MessagePack))
            throw Wrong(nameof(options.Format), options.Format, "Json or MessagePack");
        MoreThanZero(nameof(options.MinDelay), options.MinDelay);
        if (options.MaxDelay < options.MinDelay)
            throw Wrong(nameof(options.MaxDelay), options.MaxDelay, $"at least MinDelay, {options.MinDelay}");
        ZeroOrMore(nameof(options.MinUptime), options.MinUptime);
        ZeroOrMore(nameof(options.PublishRetry), options.PublishRetry);
        if (options.RequestTimeout != Timeout.InfiniteTimeSpan)
            MoreThanZero(nameof(options.RequestTimeout), options.RequestTimeout);
        MoreThanZero(nameof(options.ConnectTimeout), options.ConnectTimeout);
        MoreThanZero(nameof(options.PongTimeout), options.PongTimeout);
        AtLeast(nameof(options.MaxAttempts), options.MaxAttempts, 0);
        AtLeast(nameof(options.MaxBufferedPublishes), options.MaxBufferedPublishes, 1);
        AtLeast(nameof(options.MaxIncomingMessageBytes), options.MaxIncomingMessageBytes, 1024);
        ArgumentNullException.ThrowIfNull(options.TimeProvider);
        _json = new Lazy<JsonSerializerOptions>(() => options.Json ?? DefaultJson());
    }

    private readonly Lazy<JsonSerializerOptions> _json;

    public FanoutClientOptions Options { get; }

    public IReadOnlyList<string> Urls { get; }

    public TimeProvider Time => Options.TimeProvider;

    public WireFormat Format => (WireFormat)Options.Format;

    public Func<double> Random { get; }

    public Backoff NewBackoff() => new(Options.MinDelay, Options.MaxDelay, Random);

    public ClientTimer NewTimer(Turns turns) => new(turns, Time);

    /// <exception cref="InvalidOperationException">Nobody can say how the type is read and written.</exception>
    public JsonTypeInfo<T> TypeInfo<T>()
    {
        try
        {
            return (JsonTypeInfo<T>)_json.Value.GetTypeInfo(typeof(T));
        }
        catch (Exception e) when (e is NotSupportedException or InvalidOperationException)
        {
            throw new InvalidOperationException(
                $"There is no JSON type info for {typeof(T)}: give one with the call, or set FanoutClientOptions.Json to options of your source-generated context.", e);
        }
    }

    [System.Diagnostics.CodeAnalysis.UnconditionalSuppressMessage("Trimming", "IL2026", Justification = "Only where the program has reflection switched on, which a trimmed one has not.")]
    [System.Diagnostics.CodeAnalysis.UnconditionalSuppressMessage("AOT", "IL3050", Justification = "As above.")]
    private static JsonSerializerOptions DefaultJson() => new(JsonSerializerDefaults.Web)
    {
        TypeInfoResolver = JsonSerializer.IsReflectionEnabledByDefault ? new DefaultJsonTypeInfoResolver() : JsonTypeInfoResolver.Combine(),
    };

    private static string SocketUrl(string given)
    {
        if (!Uri.TryCreate(given, UriKind.Absolute, out var uri))
            throw Wrong("Url", given, "an address such as wss://push.example.com");
        var scheme = uri.Scheme switch { "http" or "ws" => "ws", "https" or "wss" => "wss", _ => throw Wrong("Url", given, "an address that begins with ws, wss, http or https") };
        var path = uri.AbsolutePath == "/" ? "/ws" : uri.AbsolutePath;
        return $"{scheme}://{uri.Authority}{path}{uri.Query}";
    }

    private static void MoreThanZero(string name, TimeSpan value)
    {
        if (value <= TimeSpan.Zero)
            throw Wrong(name, value, "more than 0");
    }

    private static void ZeroOrMore(string name, TimeSpan value)
    {
        if (value < TimeSpan.Zero)
            throw Wrong(name, value, "0 or more");
    }

    private static void AtLeast(string name, int value, int least)
    {
        if (value < least)
            throw Wrong(name, value, $"{least} or more");
    }

    private static ArgumentException Wrong(string name, object value, string right) =>
        new($"FanoutClientOptions.{name} is {value}: it must be {right}.");
}
