using System.Security.Cryptography;

namespace Fanout.Node.Backplane;

/// <summary>Makes epochs: 128 random bits, so that two lives of a room never have the same name.</summary>
internal static class Epochs
{
    public static string New() => Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16));
}
