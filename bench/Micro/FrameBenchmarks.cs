using System.Buffers;
using BenchmarkDotNet.Attributes;
using Fanout.Node.Connections.Framing;

namespace Fanout.Bench.Micro;

/// <summary>What happens to every received byte.</summary>
public class FrameBenchmarks : IDisposable
{
    private readonly FrameReader _reader = new(1024 * 1024);
    private byte[] _bytes = [];
    private byte[] _frame = [];

    [Params(128, 16 * 1024)]
    public int Bytes { get; set; }

    [GlobalSetup]
    public void SetUp()
    {
        _bytes = new byte[Bytes];
        Array.Fill(_bytes, (byte)'x');
        // A mask of zeros leaves the text valid however often it is read.
        byte[] length = Bytes < 126 ? [(byte)(0x80 | Bytes)] : [0xFE, (byte)(Bytes >> 8), (byte)Bytes];
        _frame = [0x81, .. length, 0, 0, 0, 0, .. _bytes];
    }

    [Benchmark]
    public void Mask() => FrameMask.Apply(_bytes, 0x12345678, 1);

    [Benchmark]
    public int Read()
    {
        var buffer = new ReadOnlySequence<byte>(_frame);
        return _reader.Read(ref buffer).Payload.Length;
    }

    [GlobalCleanup]
    public void Dispose()
    {
        _reader.Dispose();
        GC.SuppressFinalize(this);
    }
}
