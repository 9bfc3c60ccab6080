using System.CommandLine;
using System.CommandLine.Parsing;

namespace Fanout.Cli.Running;

/// <summary>The options that every command takes.</summary>
internal sealed class GlobalOptions
{
    public const string Json = "json";
    public const string Table = "table";

    public Option<string?> Url { get; } = new("--url")
    {
        Description = $"The node or the proxy in front of it [FANOUT_URL, else {Surroundings.DefaultUrl}]",
        HelpName = "url",
        Recursive = true,
    };

    public Option<string?> ApiKey { get; } = new("--api-key")
    {
        Description = "Key for the HTTP API. Others on this machine can see arguments: better set FANOUT_API_KEY",
        HelpName = "key",
        Recursive = true,
    };

    public Option<string?> Token { get; } = new("--token")
    {
        Description = "JSON web token for sockets (sub, bench). Better set FANOUT_TOKEN",
        HelpName = "jwt",
        Recursive = true,
    };

    public Option<string> Output { get; } = new Option<string>("--output", "-o")
    {
        Description = "table (for people; tab-separated values when piped) or json",
        HelpName = "table|json",
        DefaultValueFactory = _ => Table,
        Recursive = true,
    }.AcceptOnlyFromAmong(Table, Json);

    public Option<bool> JsonFlag { get; } = new("--json") { Description = "Short for --output json", Recursive = true };

    public Option<TimeSpan?> Timeout { get; } = new("--timeout")
    {
        Description = "How long to wait for an answer [10s]; for sub: how long to listen [for ever]",
        HelpName = "duration",
        CustomParser = Durations.Parse,
        Recursive = true,
    };

    public Option<bool> Insecure { get; } = new("--insecure")
    {
        Description = "Take any TLS certificate. Whoever sits in between then gets your key",
        Recursive = true,
    };

    public void AddTo(RootCommand root)
    {
        Timeout.Validators.Add(NotZero);
        root.Add(Url);
        root.Add(ApiKey);
        root.Add(Token);
        root.Add(Output);
        root.Add(JsonFlag);
        root.Add(Timeout);
        root.Add(Insecure);
    }

    public bool WantsJson(ParseResult parsed) =>
        parsed.GetResult(JsonFlag) is { Implicit: false } || (parsed.GetResult(Output) is { Errors: var errors } && !errors.Any() && parsed.GetValue(Output) == Json);

    private static void NotZero(OptionResult result)
    {
        if (result.Tokens is [var token] && Durations.TryParse(token.Value, out var duration) && duration == TimeSpan.Zero)
            result.AddError("--timeout must be longer than 0.");
    }
}
