using System.Globalization;
using System.Text.Unicode;

namespace Fanout.Shared.MessagePack;

/// <summary>
/// Checks that bytes are a MessagePack value Fanout takes as a payload: everything in it has a counterpart in JSON.
/// </summary>
/// <remarks>
/// Source: the MessagePack specification, https://github.com/msgpack/msgpack/blob/master/spec.md, narrowed by Fanout's protocol:
/// no NaN, no infinities, no extension types, only strings as map keys, only valid UTF-8.
/// </remarks>
public static class MessagePackValidator
{
    /// <summary>The deepest nesting that can be asked for; it bounds the stack memory of a check (8 bytes a level).</summary>
    public const int MaxSupportedDepth = 1024;

    private const string EndsEarly = "the bytes end where a value is due, at byte {0}";
    private const string CutShort = "the value at byte {0} is cut short";

    /// <summary>Checks the one value at the start of <paramref name="bytes"/>; what follows it is not looked at.</summary>
    /// <param name="bytes">The value, and perhaps more.</param>
    /// <param name="maxDepth">How many maps and arrays may be open at once; 0 allows scalars only.</param>
    /// <param name="consumed">The length of the value; 0 when the answer is false.</param>
    /// <param name="problem">When the answer is false, what is wrong and where, in a short sentence without payload content.</param>
    /// <returns>True when the value is good.</returns>
    /// <exception cref="ArgumentOutOfRangeException">
    /// <paramref name="maxDepth"/> is negative or above <see cref="MaxSupportedDepth"/>. Bad bytes never throw.
    /// </exception>
    public static bool TryValidate(ReadOnlySpan<byte> bytes, int maxDepth, out int consumed, out string? problem)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(maxDepth);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(maxDepth, MaxSupportedDepth);

        var nesting = new NestingStack(stackalloc ulong[maxDepth]);
        var at = 0;
        consumed = 0;
        do
        {
            var rest = bytes[at..];
            if (!MessagePackToken.TryDecode(rest, out var token))
                return Refuse(rest.IsEmpty ? EndsEarly : CutShort, at, out problem);
            if (nesting.IsAtKey && token.Type is not MessagePackType.String)
                return Refuse("the map key at byte {0} is not a string", at, out problem);
            if (Find(rest, token) is { } fault)
                return Refuse(fault, at, out problem);

            if (token.IsContainer)
            {
                if (nesting.IsFull)
                    return Refuse($"the value at byte {{0}} is nested deeper than {maxDepth}", at, out problem);
                nesting.Push(token);
            }
            else if (nesting.Depth > 0)
            {
                nesting.CountOne();
            }

            at += token.Length;
            while (nesting.Depth > 0 && nesting.TopIsDone)
            {
                nesting.Pop();
                if (nesting.Depth > 0)
                    nesting.CountOne();
            }
        }
        while (nesting.Depth > 0);

        consumed = at;
        problem = null;
        return true;
    }

    /// <summary>What makes a token that is whole nevertheless unfit, or null.</summary>
    private static string? Find(ReadOnlySpan<byte> bytes, MessagePackToken token) => token.Type switch
    {
        MessagePackType.NeverUsed => "the byte 0xc1 at byte {0} is not MessagePack",
        MessagePackType.Extension => "the value at byte {0} is of an extension type",
        MessagePackType.Float32 when !float.IsFinite(MessagePackNumber.Single(bytes)) => "the number at byte {0} is not finite",
        MessagePackType.Float64 when !double.IsFinite(MessagePackNumber.Double(bytes)) => "the number at byte {0} is not finite",
        MessagePackType.String when !Utf8.IsValid(bytes[token.HeaderLength..token.Length]) => "the string at byte {0} is not valid UTF-8",
        _ => null,
    };

    private static bool Refuse(string format, int at, out string? problem)
    {
        problem = string.Format(CultureInfo.InvariantCulture, format, at);
        return false;
    }
}
