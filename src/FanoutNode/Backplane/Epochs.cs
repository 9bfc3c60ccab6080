using System.Security.Cryptography;

namespace Fanout.Node.Backplane;

/// <summary>Makes epochs: 128 random bits, so that two lives of a room never have the same name.</summary>
internal static class Epochs
{
    private const int Length = 16;

    // A publish brings a new epoch for the room that may have none, and it is used one time in very many: what costs is the call into the system's
    // library, not the bytes. Each is given out once.
    private const int AtOnce = 64;

    [ThreadStatic]
    private static byte[]? _random;

    [ThreadStatic]
    private static int _left;

    public static string New()
    {
        var random = _random ??= new byte[AtOnce * Length];
        if (_left == 0)
        {
            RandomNumberGenerator.Fill(random);
            _left = AtOnce;
        }

        return Convert.ToHexStringLower(random.AsSpan(--_left * Length, Length));
    }
}
