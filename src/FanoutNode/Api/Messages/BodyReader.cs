using System.Buffers;
using System.IO.Pipelines;

namespace Fanout.Node.Api.Messages;

/// <summary>Reads a request's body whole, where Kestrel put it.</summary>
internal static class BodyReader
{
    /// <summary>
    /// Reads until the body ends or has become larger than the limit (0: none), which a body without a length shows no sooner. The caller gives
    /// the result back with <see cref="PipeReader.AdvanceTo(SequencePosition)"/> when it is through with it.
    /// </summary>
    public static async ValueTask<ReadResult> ReadAsync(PipeReader reader, int limit)
    {
        while (true)
        {
            var result = await reader.ReadAsync();
            if (result.IsCompleted || IsOver(result, limit))
                return result;
            reader.AdvanceTo(result.Buffer.Start, result.Buffer.End);
        }
    }

    public static bool IsOver(in ReadResult body, int limit) => limit > 0 && body.Buffer.Length > limit;

    /// <summary>The body in one piece; copied only where it came in several.</summary>
    public static ReadOnlyMemory<byte> Whole(in ReadResult body) => body.Buffer.IsSingleSegment ? body.Buffer.First : body.Buffer.ToArray();
}
