using System.Text;
using System.Text.Unicode;
using Microsoft.AspNetCore.Http.Features;

namespace Fanout.Node.Api;

/// <summary>The name of a room or a user in a call's path, percent-decoded once and wholly.</summary>
/// <remarks>
/// Kestrel decodes a path but for <c>%2F</c>, so in what routing gives, <c>a%2Fb</c> may stand for itself or for <c>a/b</c>. Such a name is taken
/// from the target as the caller sent it; every other one is what routing gives, so that all that look at a call see the same name.
/// </remarks>
/// <param name="Value">Null where the escapes are wrong, or what they stand for is not UTF-8.</param>
internal readonly record struct PathName(string? Value)
{
    // "", "api", "v1", "rooms" or "users", the name.
    private const int NameSegment = 4;

    public static PathName Of(HttpContext context)
    {
        var routed = (context.Request.RouteValues["room"] ?? context.Request.RouteValues["user"]) as string ?? "";
        return new PathName(routed.Contains('%', StringComparison.Ordinal) ? Decode(Segment(context.Features.Get<IHttpRequestFeature>()?.RawTarget)) : routed);
    }

    /// <summary>The name's segment, as it was sent; empty where the target is not written as the route is (with dots, as an absolute URL).</summary>
    internal static ReadOnlySpan<char> Segment(ReadOnlySpan<char> target)
    {
        if (target.IndexOf('?') is >= 0 and var query)
            target = target[..query];
        // Kestrel takes them out, and the segments behind them move.
        foreach (var range in target.Split('/'))
        {
            if (Decode(target[range]) is "." or "..")
                return default;
        }

        for (var segment = 0; segment < NameSegment; segment++)
        {
            var slash = target.IndexOf('/');
            if (slash < 0 || (segment == 0 && slash != 0))
                return default;
            var expected = segment switch { 1 => "api", 2 => "v1", _ => null };
            if (expected is not null && !target[..slash].Equals(expected, StringComparison.OrdinalIgnoreCase))
                return default;
            target = target[(slash + 1)..];
        }

        return target.IndexOf('/') is >= 0 and var end ? target[..end] : target;
    }

    internal static string? Decode(ReadOnlySpan<char> text)
    {
        if (text.IndexOf('%') < 0)
            return text.ToString();
        var bytes = new byte[Encoding.UTF8.GetMaxByteCount(text.Length)];
        var length = 0;
        while (text.Length > 0)
        {
            if (text[0] != '%')
            {
                var plain = text.IndexOf('%') is >= 0 and var next ? text[..next] : text;
                length += Encoding.UTF8.GetBytes(plain, bytes.AsSpan(length));
                text = text[plain.Length..];
                continue;
            }

            if (text.Length < 3 || !char.IsAsciiHexDigit(text[1]) || !char.IsAsciiHexDigit(text[2]))
                return null;
            bytes[length++] = (byte)((FromHex(text[1]) << 4) | FromHex(text[2]));
            text = text[3..];
        }

        return Utf8.IsValid(bytes.AsSpan(0, length)) ? Encoding.UTF8.GetString(bytes.AsSpan(0, length)) : null;
    }

    private static int FromHex(char digit) => char.IsAsciiDigit(digit) ? digit - '0' : (digit | 0x20) - 'a' + 10;
}
