using System.Buffers;
using System.Buffers.Text;
using System.Diagnostics;
using System.Globalization;

namespace Fanout.Shared.MessagePack;

/// <summary>
/// Writes a value that <see cref="MessagePackValidator"/> accepted as JSON. It relies on that check for everything (structure, depth,
/// UTF-8, finite numbers), therefore cannot fail halfway and needs no scratch buffer: it writes straight to the output.
/// </summary>
internal ref struct MessagePackToJson
{
    private const int LongestNumber = 32; // "-2.2250738585072014E-308" has 24

    private BufferedOutput _output;
    private NestingStack _nesting;

    private MessagePackToJson(IBufferWriter<byte> output, Span<ulong> nesting)
    {
        _output = new BufferedOutput(output);
        _nesting = new NestingStack(nesting);
    }

    public static void Write(ReadOnlySpan<byte> validated, IBufferWriter<byte> output)
        => new MessagePackToJson(output, stackalloc ulong[PayloadTranscoder.MaxDepth]).Write(validated);

    private void Write(ReadOnlySpan<byte> validated)
    {
        bool more;
        do
        {
            MessagePackToken.TryDecode(validated, out var token);
            if (token.IsContainer)
            {
                _nesting.Push(token);
                _output.Write(_nesting.TopIsMap ? (byte)'{' : (byte)'[');
            }
            else
            {
                WriteScalar(validated, token);
                if (_nesting.Depth > 0)
                    _nesting.CountOne();
            }

            validated = validated[token.Length..];
            more = token is { IsContainer: true, Size: > 0 } || TryMoveOn();
        }
        while (more);

        _output.Flush();
    }

    /// <summary>After a complete value: closes what is done, then writes the colon or comma; false when that was the last value.</summary>
    private bool TryMoveOn()
    {
        while (_nesting.Depth > 0 && _nesting.TopIsDone)
        {
            _output.Write(_nesting.TopIsMap ? (byte)'}' : (byte)']');
            _nesting.Pop();
            if (_nesting.Depth > 0)
                _nesting.CountOne();
        }

        if (_nesting.Depth == 0)
            return false;
        _output.Write(_nesting.TopIsMap && !_nesting.IsAtKey ? (byte)':' : (byte)',');
        return true;
    }

    private void WriteScalar(ReadOnlySpan<byte> bytes, MessagePackToken token)
    {
        var body = bytes[token.HeaderLength..token.Length];
        switch (token.Type)
        {
            case MessagePackType.Nil:
                _output.Write("null"u8);
                break;
            case MessagePackType.Boolean:
                _output.Write(bytes[0] == MessagePackFormat.True ? "true"u8 : "false"u8);
                break;
            case MessagePackType.Integer:
                var bits = MessagePackNumber.Integer(bytes, out var negative);
                if (negative)
                    WriteNumber(unchecked((long)bits));
                else
                    WriteNumber(bits);
                break;
            case MessagePackType.Float32:
                WriteNumber(MessagePackNumber.Single(bytes));
                break;
            case MessagePackType.Float64:
                WriteNumber(MessagePackNumber.Double(bytes));
                break;
            case MessagePackType.String:
                JsonStringEscaper.Write(ref _output, body);
                break;
            case MessagePackType.Binary:
                WriteBase64(body);
                break;
            default:
                throw new UnreachableException("The validator let an unfit value pass.");
        }
    }

    /// <summary>The default format of floats is the shortest that reads back as the same number, and is valid JSON.</summary>
    private void WriteNumber<T>(T value)
        where T : IUtf8SpanFormattable
    {
        if (!value.TryFormat(_output.Reserve(LongestNumber), out var written, default, CultureInfo.InvariantCulture))
            throw new UnreachableException("A number took more room than any number can.");
        _output.Advance(written);
    }

    private void WriteBase64(ReadOnlySpan<byte> bytes)
    {
        _output.Write((byte)'"');
        Base64.EncodeToUtf8(bytes, _output.Reserve(Base64.GetMaxEncodedToUtf8Length(bytes.Length)), out _, out var written);
        _output.Advance(written);
        _output.Write((byte)'"');
    }
}
