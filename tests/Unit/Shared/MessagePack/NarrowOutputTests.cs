using System.Buffers;
using System.Text;
using Fanout.Shared.MessagePack;
using Xunit;

namespace Fanout.Tests.Unit.Shared.MessagePack;

public sealed class NarrowOutputTests
{
    [Fact]
    public void TranscoderAndWriter_WhenTheOutputGivesNoByteMoreThanAsked_WriteTheSame()
    {
        var many = string.Join(',', Enumerable.Range(0, 99));
        var json = $$"""{"a":[1,-2.5,"x\ny",true,null,{}],"long":"{{new string('é', 300)}}","many":[{{many}}]}""";
        var packed = Bytes.ToMessagePack(json);

        var output = new NarrowOutput();
        Assert.True(PayloadTranscoder.TryJsonToMessagePack(Encoding.UTF8.GetBytes(json), output, out _));
        Assert.Equal(packed, output.Written);

        output = new NarrowOutput();
        Assert.True(PayloadTranscoder.TryMessagePackToJson(packed, output, out _));
        Assert.Equal(json, Encoding.UTF8.GetString([.. output.Written]));

        output = new NarrowOutput();
        new MessagePackWriter(output).WriteString(new string('x', 300));
        new MessagePackWriter(output).WriteBinary(new byte[300]);
        Assert.Equal(
            [.. Bytes.Written(w => w.WriteString(new string('x', 300))), .. Bytes.Written(w => w.WriteBinary(new byte[300]))],
            output.Written);
    }

    /// <summary>Each piece is a new array of exactly the size asked for, so a byte written past a reservation shows.</summary>
    private sealed class NarrowOutput : IBufferWriter<byte>
    {
        private byte[] _piece = [];

        public List<byte> Written { get; } = [];

        public void Advance(int count)
        {
            Written.AddRange(_piece.AsSpan(0, count));
            _piece = [];
        }

        public Memory<byte> GetMemory(int sizeHint = 0) => _piece = new byte[Math.Max(sizeHint, 1)];

        public Span<byte> GetSpan(int sizeHint = 0) => GetMemory(sizeHint).Span;
    }
}
