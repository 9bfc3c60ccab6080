using System.Buffers;
using System.Security.Cryptography;

namespace Fanout.Node.Connections;

/// <summary>Makes client ids.</summary>
internal static class ConnectionId
{
    // Lower case without look-alikes: people read these aloud, and a shell never mistakes one for an option.
    private const string Alphabet = "0123456789abcdefghjkmnpqrstvwxyz";

    private static readonly SearchValues<char> Letters = SearchValues.Create(Alphabet);

    // 20 characters of 5 bits: 100 random bits, so that two of them never meet and none can be guessed.
    private const int Length = 20;

    /// <summary>Whether it can be one: nobody need be asked for what cannot.</summary>
    public static bool IsPossible(string text) => text.Length == Length && !text.AsSpan().ContainsAnyExcept(Letters);

    public static string New() => RandomNumberGenerator.GetString(Alphabet, Length);
}
