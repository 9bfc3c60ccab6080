using System.CommandLine;
using System.Text;
using System.Text.Json;
using Fanout.Cli.Running;
using Fanout.Cli.Tokens;

namespace Fanout.Cli.Commands;

/// <summary><c>fanout token</c>: makes a token for development and tests, or shows what one holds.</summary>
internal sealed class TokenCommand
{
    private readonly Argument<string?> _token = new("jwt") { Description = "With --decode: the token. Else FANOUT_TOKEN, else standard input", Arity = ArgumentArity.ZeroOrOne };
    private readonly Option<string?> _signingKey = new("--signing-key", "--key") { Description = "The nodes' Fanout:Auth:Jwt:SigningKey, at least 32 bytes. Better set FANOUT_SIGNING_KEY", HelpName = "key" };
    private readonly Option<string?> _sub = new("--sub", "-s") { Description = "The user", HelpName = "user" };
    private readonly Option<string[]> _join = Patterns("--join", "Rooms that may be joined, such as 'chat.*'; may be repeated");
    private readonly Option<string[]> _publish = Patterns("--publish", "Rooms that may be published to");
    private readonly Option<string[]> _presence = Patterns("--presence", "Rooms whose members may be seen");
    private readonly Option<string[]> _request = Patterns("--request", "Methods of back ends that may be called, such as 'orders.*'");
    private readonly Option<string?> _info = new("--info") { Description = "JSON that other members of presence rooms see", HelpName = "json" };
    private readonly Option<TimeSpan?> _expires = new("--expires", "-e") { Description = "How long it is good for [1h]", HelpName = "duration", CustomParser = Durations.Parse };
    private readonly Option<bool> _never = new("--never-expires") { Description = "Leave the expiry out" };
    private readonly Option<string?> _issuer = new("--issuer") { Description = "The claim iss, where the nodes ask for one", HelpName = "text" };
    private readonly Option<string?> _audience = new("--audience") { Description = "The claim aud, where the nodes ask for one", HelpName = "text" };
    private readonly Option<bool> _decode = new("--decode", "-d") { Description = "Show what a token holds; with a signing key, check its signature too" };

    public static Command Create(Tool tool)
    {
        var token = new TokenCommand();
        var command = new Command("token", "Make a development token (HS256), or decode one")
        {
            token._token, token._signingKey, token._sub, token._join, token._publish, token._presence, token._request, token._info, token._expires, token._never,
            token._issuer, token._audience, token._decode,
        }.WithExamples(
            "token --sub ann --join 'chat.*' --publish chat.42 --expires 8h",
            """token --sub ann --join 'lobby.*' --presence 'lobby.*' --info '{"name":"Ann"}'""",
            "export FANOUT_TOKEN=$(fanout token --sub ann --join '*')",
            "token --decode \"$TOKEN\"");
        return tool.With(command, token.RunAsync);
    }

    private static Option<string[]> Patterns(string name, string description) => new(name)
    {
        Description = description,
        HelpName = "pattern",
        AllowMultipleArgumentsPerToken = true,
    };

    private async Task<int> RunAsync(Run run)
    {
        if (run.Get(_decode))
            return Decode(run, await TokenTextAsync(run));
        if (run.Get(_token) is not null)
            throw CliException.Usage("A token is given, and not what to do with it.", "To look into it, add --decode.");

        var claims = new TokenClaims
        {
            Subject = run.Get(_sub) ?? throw CliException.Usage("Whose token? Name a user with --sub."),
            Join = run.Get(_join) ?? [],
            Publish = run.Get(_publish) ?? [],
            Presence = run.Get(_presence) ?? [],
            Request = run.Get(_request) ?? [],
            HasGrants = run.Has(_join) || run.Has(_publish) || run.Has(_presence) || run.Has(_request) || run.Has(_info),
            InfoJson = run.Get(_info),
            Issuer = run.Get(_issuer) ?? Surroundings.Issuer,
            Audience = run.Get(_audience) ?? Surroundings.Audience,
            IssuedAt = run.Time.GetUtcNow(),
            Lifetime = LifetimeOf(run),
        };
        var jwt = TokenMinter.Mint(claims, SigningKey(run));
        if (run.Terminal.Json)
            run.Terminal.Document(writer => Write(writer, jwt, claims));
        else
            run.Terminal.Line(jwt);
        if (!claims.HasGrants)
            run.Terminal.Remark("It has no grants (--join, --publish, --presence, --request): what it may do is the nodes' Fanout:Auth:DefaultGrants.");
        return ExitCode.Ok;
    }

    private TimeSpan? LifetimeOf(Run run)
    {
        if (!run.Get(_never))
            return run.Get(_expires) ?? TimeSpan.FromHours(1);
        return run.Has(_expires) ? throw CliException.Usage("--expires and --never-expires exclude each other.") : null;
    }

    private byte[] SigningKey(Run run)
    {
        var key = run.Get(_signingKey) ?? Surroundings.SigningKey
            ?? throw CliException.Usage("There is no signing key.", "Set FANOUT_SIGNING_KEY (or --signing-key) to the nodes' Fanout:Auth:Jwt:SigningKey. `openssl rand -hex 32` makes one.");
        var bytes = Encoding.UTF8.GetBytes(key);
        return bytes.Length >= TokenMinter.MinKeyBytes
            ? bytes
            : throw CliException.Usage($"The signing key has {bytes.Length} bytes; HS256 needs {TokenMinter.MinKeyBytes}.", "`openssl rand -hex 32` makes one.");
    }

    private async Task<string> TokenTextAsync(Run run)
    {
        var given = run.Get(_token) ?? run.Settings.Token;
        if (given is not null and not "-")
            return given.Trim();
        if (given is null && !Console.IsInputRedirected)
            throw CliException.Usage("There is no token to decode.", "Give it as an argument, by FANOUT_TOKEN, or by standard input.");
        return (await Console.In.ReadToEndAsync(run.Stopped)).Trim();
    }

    private int Decode(Run run, string text)
    {
        var token = DecodedToken.Parse(text) ?? throw new CliException(ExitCode.Failed, "That is no JSON web token.", "It has three parts with dots between them; is it whole?") { Code = "bad_token" };
        var key = run.Get(_signingKey) ?? Surroundings.SigningKey;
        var signature = key is null ? SignatureState.NotChecked : token.Check(Encoding.UTF8.GetBytes(key));
        TokenView.Write(run.Terminal, token, signature, run.Time.GetUtcNow());
        return signature is SignatureState.Wrong || token.Problem(run.Time.GetUtcNow()) is not null ? ExitCode.Failed : ExitCode.Ok;
    }

    private static void Write(Utf8JsonWriter writer, string jwt, TokenClaims claims)
    {
        writer.WriteStartObject();
        writer.WriteString("token", jwt);
        writer.WriteString("sub", claims.Subject);
        if (claims.Expires is { } expires)
            writer.WriteString("expires", expires);
        writer.WriteEndObject();
    }
}
