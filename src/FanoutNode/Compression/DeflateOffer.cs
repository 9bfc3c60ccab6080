using System.Globalization;

namespace Fanout.Node.Compression;

/// <summary>Negotiates permessage-deflate (RFC 7692, sections 5.1 and 7.1) from what a client offers in <c>Sec-WebSocket-Extensions</c>.</summary>
/// <remarks>
/// Always without context takeover, on both sides: a connection then keeps no window (up to 300 KB) between messages, and a message that is
/// compressed once can go to everybody. A client must take the first of these from any server and the second too (section 7.1.1.2).
/// </remarks>
internal static class DeflateOffer
{
    private const string Name = "permessage-deflate";
    private const string Answer = Name + "; server_no_context_takeover; client_no_context_takeover";
    private const int SmallestWindowBits = 8;

    private static readonly DeflateAgreement Unlimited = new(Answer, DeflateAgreement.LargestWindowBits);

    /// <summary>What to agree on: the first offer that can be honoured. Null where there is none; that is no error.</summary>
    public static DeflateAgreement? Accept(string? header)
    {
        if (string.IsNullOrEmpty(header))
            return null;
        foreach (var offer in Split(header, ','))
        {
            if (Read(offer) is { } agreed)
                return agreed;
        }

        return null;
    }

    private static DeflateAgreement? Read(string offer)
    {
        var parts = Split(offer, ';');
        if (!parts[0].Equals(Name, StringComparison.OrdinalIgnoreCase))
            return null;
        var seen = Parameters.None;
        int? serverWindow = null;
        foreach (var part in parts.Skip(1))
        {
            var equals = part.IndexOf('=', StringComparison.Ordinal);
            var name = equals < 0 ? part : part[..equals].Trim();
            var value = equals < 0 ? null : Unquote(part[(equals + 1)..].Trim());
            if (Check(name.ToLowerInvariant(), value, out var parameter) is false || (seen & parameter) != 0)
                return null;
            seen |= parameter;
            if (parameter == Parameters.ServerMaxWindowBits)
                serverWindow = WindowBits(value!);
        }

        // Whoever asks for a window is told that it has it.
        return serverWindow is { } bits ? new DeflateAgreement(string.Create(CultureInfo.InvariantCulture, $"{Answer}; server_max_window_bits={bits}"), bits) : Unlimited;
    }

    // False for what is unknown, has a value that it must not have, or cannot be kept.
    private static bool Check(string name, string? value, out Parameters parameter)
    {
        (parameter, var ok) = name switch
        {
            "server_no_context_takeover" => (Parameters.ServerNoContextTakeover, value is null),
            "client_no_context_takeover" => (Parameters.ClientNoContextTakeover, value is null),
            "server_max_window_bits" => (Parameters.ServerMaxWindowBits, value is not null && IsWindow(value)),
            // A hint, which needs no answer: whatever window the client uses can be read.
            "client_max_window_bits" => (Parameters.ClientMaxWindowBits, value is null || IsWindow(value)),
            _ => (Parameters.None, false),
        };
        return ok;
    }

    private static bool IsWindow(string value) => WindowBits(value) is >= SmallestWindowBits and <= DeflateAgreement.LargestWindowBits;

    // Digits without a leading zero.
    private static int? WindowBits(string value) => value switch
    {
        [>= '1' and <= '9'] => value[0] - '0',
        ['1', >= '0' and <= '9'] => 10 + value[1] - '0',
        _ => null,
    };

    // A value may be a quoted string (RFC 6455, section 9.1).
    private static string Unquote(string value) => value is ['"', .., '"'] ? value[1..^1] : value;

    // No value that any offer needs holds a separator; an unknown extension whose quoted value does is declined all the same.
    private static string[] Split(string text, char separator) => text.Split(separator, StringSplitOptions.TrimEntries);

    [Flags]
    private enum Parameters
    {
        None = 0,
        ServerNoContextTakeover = 1,
        ClientNoContextTakeover = 2,
        ServerMaxWindowBits = 4,
        ClientMaxWindowBits = 8,
    }
}
