using System.Buffers.Binary;
using System.Runtime.Intrinsics.X86;

namespace Fanout.Cli.Bench;

/// <summary>
/// What a payload begins with: a mark, the time at which it was meant to be sent, and its number. Letters only, so that no protocol escapes
/// it; found by its mark, so that no protocol's envelope has to be parsed.
/// </summary>
internal static class Stamp
{
    public const int Length = 28;

    private const ulong Letters = 0x4141414141414141; // "AAAAAAAA": each letter carries four bits.
    private const ulong Nibbles = 0x0F0F0F0F0F0F0F0F;

    public static ReadOnlySpan<byte> Mark => "!fb!"u8;

    public static void Write(Span<byte> target, long time, uint number)
    {
        Mark.CopyTo(target);
        WriteWord(target[4..], (uint)(time >> 32));
        WriteWord(target[12..], (uint)time);
        WriteWord(target[20..], number);
    }

    public static bool IsAt(ReadOnlySpan<byte> bytes, int at) =>
        at >= 0 && at + Length <= bytes.Length && bytes.Slice(at, 4).SequenceEqual(Mark);

    public static (long Time, uint Number) Read(ReadOnlySpan<byte> bytes) =>
        (((long)ReadWord(bytes[4..]) << 32) | ReadWord(bytes[12..]), ReadWord(bytes[20..]));

    private static void WriteWord(Span<byte> target, uint value)
    {
        for (var i = 0; i < 8; i++)
            target[i] = (byte)('A' + ((value >> (i * 4)) & 0xF));
    }

    private static uint ReadWord(ReadOnlySpan<byte> source)
    {
        var letters = BinaryPrimitives.ReadUInt64LittleEndian(source) - Letters;
        if (Bmi2.X64.IsSupported)
            return (uint)Bmi2.X64.ParallelBitExtract(letters, Nibbles);
        var value = 0u;
        for (var i = 0; i < 8; i++)
            value |= (uint)((letters >> (i * 8)) & 0xF) << (i * 4);
        return value;
    }
}
