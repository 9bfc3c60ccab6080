using System.Globalization;
using System.Text.Json;
using Fanout.Cli.Http;
using Fanout.Cli.Output;
using Fanout.Cli.Running;

namespace Fanout.Cli.Tokens;

/// <summary>Shows a token: its claims, never its signature.</summary>
internal static class TokenView
{
    private static readonly string[] Known = ["sub", "iss", "aud", "iat", "nbf", "exp", "fanout"];

    public static void Write(Terminal terminal, DecodedToken token, SignatureState signature, DateTimeOffset now)
    {
        if (terminal.Json)
        {
            terminal.Document(writer => WriteJson(writer, token, signature, now));
            return;
        }

        var properties = new Properties();
        properties.Add("algorithm", token.Header.Text("alg"));
        if (token.Header.Text("kid") is { } kid)
            properties.Add("key id", kid);
        properties.Add("signature", signature switch
        {
            SignatureState.Right => new Cell("right", "right", Tone.Good),
            SignatureState.Wrong => new Cell("wrong", "wrong: it was made with another key", Tone.Bad),
            SignatureState.OtherAlgorithm => new Cell("not checked", "not checked: only HS256 can be, here", Tone.Dim),
            _ => new Cell("not checked", "not checked: no signing key was given", Tone.Dim),
        });
        properties.Add("user", token.Claims.Text("sub"));
        AddMoment("issued", token.IssuedAt);
        AddMoment("not before", token.NotBefore);
        AddMoment("expires", token.Expires);
        if (token.Expires is null)
            properties.Add("expires", new Cell("never", Tone: Tone.Warning));
        if (token.Problem(now) is { } problem)
            properties.Add("problem", new Cell(problem, Tone: Tone.Bad));
        foreach (var (name, claim) in new[] { ("issuer", "iss"), ("audience", "aud") })
        {
            if (token.Claims.Raw(claim) is { } value)
                properties.Add(name, token.Claims.Text(claim) ?? value);
        }

        AddGrants(properties, token.Claims.Field("fanout"));
        foreach (var other in token.Claims.EnumerateObject().Where(claim => !Known.Contains(claim.Name)))
            properties.Add(Plain.Of(other.Name), other.Value.GetRawText());
        properties.Write(terminal);

        void AddMoment(string name, DateTimeOffset? moment)
        {
            if (moment is not { } time)
                return;
            var distance = time > now ? "in " + Durations.ToText(time - now) : Durations.ToText(now - time) + " ago";
            var text = time.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
            properties.Add(name, new Cell(text, $"{text}  ({distance})"));
        }
    }

    private static void AddGrants(Properties properties, JsonElement grants)
    {
        if (grants.ValueKind == JsonValueKind.Undefined)
        {
            properties.Add("grants", new Cell("", "none: Fanout:Auth:DefaultGrants counts", Tone.Dim));
            return;
        }

        foreach (var name in new[] { "join", "publish", "presence" })
        {
            var patterns = string.Join(' ', grants.Items(name).Select(item => item.ToString()));
            properties.Add(name, patterns.Length > 0 ? patterns : new Cell("", "nothing", Tone.Dim));
        }

        // Few tokens have it; of the three above it is worth knowing that one is missing.
        if (string.Join(' ', grants.Items("request").Select(item => item.ToString())) is { Length: > 0 } methods)
            properties.Add("request", methods);
        if (grants.Raw("info") is { } info)
            properties.Add("info", info);
    }

    private static void WriteJson(Utf8JsonWriter writer, DecodedToken token, SignatureState signature, DateTimeOffset now)
    {
        writer.WriteStartObject();
        writer.WritePropertyName("header");
        token.Header.WriteTo(writer);
        writer.WritePropertyName("claims");
        token.Claims.WriteTo(writer);
        writer.WriteString("signature", signature switch { SignatureState.Right => "right", SignatureState.Wrong => "wrong", _ => "not_checked" });
        if (token.Problem(now) is { } problem)
            writer.WriteString("problem", problem);
        writer.WriteEndObject();
    }
}
