using System.Globalization;
using System.Text;
using Fanout.Bench.Load.Sockets;

namespace Fanout.Bench.Load.Protocols;

/// <summary>A call over HTTP whose body is an array of messages.</summary>
internal sealed class BatchTemplate(string head)
{
    public delegate void Filler(int index, Span<byte> payload);

    /// <summary>Queues a batch with a publisher.</summary>
    public void Write(Client publisher, IReadOnlyList<PublishTemplate> items, Filler fill)
    {
        var bodyLength = items.Sum(item => item.Length) + items.Count + 1;
        var start = Encoding.ASCII.GetBytes(string.Create(
            CultureInfo.InvariantCulture, $"{head}Host: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: {bodyLength}\r\n\r\n"));
        var span = publisher.Reserve(start.Length + bodyLength);
        start.CopyTo(span);
        span = span[start.Length..];
        for (var i = 0; i < items.Count; i++)
        {
            span[0] = i == 0 ? (byte)'[' : (byte)',';
            fill(i, items[i].WriteTo(span[1..]));
            span = span[(1 + items[i].Length)..];
        }

        span[0] = (byte)']';
    }
}
