using System.Buffers;
using System.IO.Pipelines;
using Fanout.Node.Limits;

namespace Fanout.Node.Api.Messages;

/// <summary>A request's body where Kestrel put it.</summary>
/// <param name="Buffer">Whole, unless it is over its limit or <paramref name="IsTooMuch"/>.</param>
/// <param name="Held">What it is counted with in <see cref="BytesInFlight"/>; the caller gives it back.</param>
/// <param name="IsTooMuch">The node could not take it in: it was not read to its end.</param>
internal readonly record struct RequestBody(ReadOnlySequence<byte> Buffer, long Held, bool IsTooMuch)
{
    public bool IsOver(int limit) => limit > 0 && Buffer.Length > limit;

    /// <summary>The body in one piece; copied only where it came in several.</summary>
    public ReadOnlyMemory<byte> Whole() => Buffer.IsSingleSegment ? Buffer.First : Buffer.ToArray();
}

/// <summary>Reads a request's body whole.</summary>
internal static class BodyReader
{
    /// <summary>
    /// Reads until the body ends, has become larger than the limit (0: none), which a body without a length shows no sooner, or is more than
    /// the node takes: what has come is counted as it comes, so that neither a length that is only claimed keeps others out, nor a body without
    /// one fills the node. The caller gives the buffer back with <see cref="PipeReader.AdvanceTo(SequencePosition)"/> when it is through with it.
    /// </summary>
    public static async ValueTask<RequestBody> ReadAsync(PipeReader reader, int limit, BytesInFlight inFlight)
    {
        var held = 0L;
        try
        {
            while (true)
            {
                var result = await reader.ReadAsync();
                var isTaken = inFlight.TryGrow(held, result.Buffer.Length);
                if (isTaken)
                    held = result.Buffer.Length;
                var body = new RequestBody(result.Buffer, held, !isTaken);
                if (!isTaken || result.IsCompleted || body.IsOver(limit))
                    return body;
                reader.AdvanceTo(result.Buffer.Start, result.Buffer.End);
            }
        }
        catch
        {
            inFlight.Leave(held);
            throw;
        }
    }
}
