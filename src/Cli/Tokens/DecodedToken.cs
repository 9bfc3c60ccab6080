using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Fanout.Cli.Http;
using Fanout.Cli.Running;

namespace Fanout.Cli.Tokens;

internal enum SignatureState
{
    NotChecked,
    Right,
    Wrong,

    /// <summary>Signed by another algorithm than HS256.</summary>
    OtherAlgorithm,
}

/// <summary>A token's parts, as they are; believed only where the signature was checked.</summary>
internal sealed class DecodedToken
{
    private readonly string _signed;
    private readonly byte[] _signature;

    private DecodedToken(string signed, byte[] signature, JsonElement header, JsonElement claims) =>
        (_signed, _signature, Header, Claims) = (signed, signature, header, claims);

    public JsonElement Header { get; }

    public JsonElement Claims { get; }

    public DateTimeOffset? Expires => Moment("exp");

    public DateTimeOffset? NotBefore => Moment("nbf");

    public DateTimeOffset? IssuedAt => Moment("iat");

    /// <summary>Null if it is none.</summary>
    public static DecodedToken? Parse(string text)
    {
        if (text.Split('.') is not [var header, var claims, var signature])
            return null;
        try
        {
            var (headerJson, claimsJson) = (JsonElement.Parse(Base64Url.DecodeFromChars(header)), JsonElement.Parse(Base64Url.DecodeFromChars(claims)));
            return headerJson.ValueKind == JsonValueKind.Object && claimsJson.ValueKind == JsonValueKind.Object
                ? new DecodedToken($"{header}.{claims}", Base64Url.DecodeFromChars(signature), headerJson, claimsJson)
                : null;
        }
        catch (Exception e) when (e is FormatException or JsonException)
        {
            return null;
        }
    }

    public SignatureState Check(byte[] key)
    {
        if (Header.Text("alg") != "HS256")
            return SignatureState.OtherAlgorithm;
        return CryptographicOperations.FixedTimeEquals(HMACSHA256.HashData(key, Encoding.ASCII.GetBytes(_signed)), _signature)
            ? SignatureState.Right
            : SignatureState.Wrong;
    }

    /// <summary>Why a node would not take it now, as far as can be seen from here; null if nothing is to be seen.</summary>
    public string? Problem(DateTimeOffset now)
    {
        if (Expires is { } end && end <= now)
            return $"expired {Durations.ToText(now - end)} ago";
        if (NotBefore is { } beginning && beginning > now)
            return $"not valid for another {Durations.ToText(beginning - now)}";
        return string.IsNullOrEmpty(Claims.Text("sub")) ? "has no 'sub'" : null;
    }

    private DateTimeOffset? Moment(string claim)
    {
        // Some makers write fractions (RFC 7519, section 2: NumericDate may be no integer).
        if (Claims.Field(claim) is not { ValueKind: JsonValueKind.Number } value || !value.TryGetDouble(out var seconds) || seconds is < -62135596800 or > 253402300799)
            return null;
        return DateTimeOffset.FromUnixTimeSeconds((long)seconds);
    }
}
