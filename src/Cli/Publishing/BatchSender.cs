using System.Text.Json;
using System.Threading.Channels;
using Fanout.Cli.Http;

namespace Fanout.Cli.Publishing;

/// <summary>Sends items in batches: full ones as fast as they are answered, and what there is when the input pauses. One at a time, so in order.</summary>
internal sealed class BatchSender(FanoutApi api, TimeProvider time, int size)
{
    /// <summary>What the API takes (docs/protocol.md, section 15).</summary>
    public const int MostItems = 1000;

    // Half of what a node takes by default (Fanout:Limits:MaxMessageBytes); one item alone may be larger.
    private const int MostBytes = 512 * 1024;

    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(50);

    private readonly List<BatchItem> _batch = [];
    private int _bytes;

    public long Published { get; private set; }

    public long Refused { get; private set; }

    public long Batches { get; private set; }

    /// <summary>The last line that the service has answered for.</summary>
    public long LastLine { get; private set; }

    /// <summary>The first refusals, with their lines.</summary>
    public List<(long Line, string? Code, string? Message)> Refusals { get; } = [];

    public async Task SendAsync(IAsyncEnumerable<BatchItem> items, CancellationToken cancellation)
    {
        // Bounded, so that a large file is read as fast as it is sent.
        var queue = Channel.CreateBounded<BatchItem>(new BoundedChannelOptions(MostItems * 2) { SingleReader = true, SingleWriter = true });
        var reading = FillAsync(queue.Writer, items, cancellation);
        while (await queue.Reader.WaitToReadAsync(cancellation))
        {
            await GatherAsync(queue.Reader, cancellation);
            await FlushAsync(cancellation);
        }

        await reading;
    }

    private static async Task FillAsync(ChannelWriter<BatchItem> queue, IAsyncEnumerable<BatchItem> items, CancellationToken cancellation)
    {
        Exception? fault = null;
        try
        {
            await foreach (var item in items.WithCancellation(cancellation))
                await queue.WriteAsync(item, cancellation);
        }
        catch (Exception e)
        {
            fault = e;
        }

        // What came before the fault is sent first.
        queue.Complete();
        if (fault is not null)
            System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(fault);
    }

    private async Task GatherAsync(ChannelReader<BatchItem> queue, CancellationToken cancellation)
    {
        var waited = false;
        while (_batch.Count < size)
        {
            if (queue.TryPeek(out var item))
            {
                if (_batch.Count > 0 && _bytes + item.Json.Length > MostBytes)
                    return;
                queue.TryRead(out item);
                _batch.Add(item);
                _bytes += item.Json.Length;
                continue;
            }

            if (waited || queue.Completion.IsCompleted)
                return;
            // The rest of a burst is a moment away; a line that somebody types must not wait for the next.
            waited = true;
            await Task.Delay(Patience, time, cancellation);
        }
    }

    private async Task FlushAsync(CancellationToken cancellation)
    {
        if (_batch.Count == 0)
            return;
        var answer = await api.PostAsync("/api/v1/messages", Join(), cancellation);
        var index = 0;
        foreach (var result in answer.Items("results"))
        {
            if (index == _batch.Count)
                break;
            Count(_batch[index++].Line, result);
        }

        LastLine = _batch[^1].Line;
        Batches++;
        _batch.Clear();
        _bytes = 0;
    }

    private void Count(long line, JsonElement result)
    {
        if (result.Text("id") is not null && result.Field("error").ValueKind == JsonValueKind.Undefined)
        {
            Published++;
            return;
        }

        Refused++;
        var error = result.Field("error") is { ValueKind: JsonValueKind.Object } inner ? inner : result;
        if (Refusals.Count < 10)
            Refusals.Add((line, error.Text("code"), error.Text("detail") ?? error.Text("message")));
    }

    private byte[] Join()
    {
        var json = new MemoryStream(_bytes + _batch.Count + 2);
        json.WriteByte((byte)'[');
        for (var i = 0; i < _batch.Count; i++)
        {
            if (i > 0)
                json.WriteByte((byte)',');
            json.Write(_batch[i].Json.Span);
        }

        json.WriteByte((byte)']');
        return json.ToArray();
    }
}
