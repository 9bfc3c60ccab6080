using System.Runtime.InteropServices;
using System.Text;
using Fanout.Bench.Load.Native;

namespace Fanout.Bench.Load.Sockets;

/// <summary>The part of a loop that reads: one receive an event, into one buffer for all connections.</summary>
internal sealed unsafe partial class Loop
{
    private void Read(Client client)
    {
        var carried = client.CarryLength;
        if (carried > 0)
            client.Carry.AsSpan(0, carried).CopyTo(new Span<byte>(_buffer, carried));
        var received = Libc.Receive(client.Fd, _buffer + carried, (BufferBytes * 2) - carried, 0);
        if (received <= 0)
        {
            var error = Marshal.GetLastPInvokeError();
            if (received == 0)
                Lose(client, "the server closed");
            else if (error != Libc.Again)
                Lose(client, error == Libc.Reset ? "reset by the server" : $"receive failed with {error}");
            return;
        }

        var bytes = new ReadOnlySpan<byte>(_buffer, carried + (int)received);
        Keep(client, bytes[Take(client, bytes)..]);
    }

    // What is no whole frame yet waits for the next read.
    private static void Keep(Client client, ReadOnlySpan<byte> rest)
    {
        client.CarryLength = rest.Length;
        if (rest.IsEmpty)
            return;
        if (rest.Length > BufferBytes)
            throw new IOException("a frame is larger than the buffer");
        if (client.Carry is null || client.Carry.Length < rest.Length)
            client.Carry = GC.AllocateUninitializedArray<byte>(Math.Max(512, rest.Length));
        rest.CopyTo(client.Carry);
    }

    private int Take(Client client, ReadOnlySpan<byte> bytes)
    {
        if (client.Plan.Protocol is null)
            return TakeAnswer(client, bytes);

        var at = 0;
        if (client.Phase == ClientPhase.Upgrading)
        {
            var end = bytes.IndexOf("\r\n\r\n"u8);
            if (end < 0)
                return 0;
            if (bytes.IndexOf(" 101 "u8) is < 0 or > 12)
            {
                Lose(client, "refused: " + Encoding.ASCII.GetString(bytes[..Math.Min(bytes.Length, 200)]).ReplaceLineEndings(" "));
                return bytes.Length;
            }

            at = end + 4;
            OnUpgraded(client);
        }

        // One clock reading a receive: its deliveries have arrived together.
        var now = Clock.Now;
        while (client.Phase != ClientPhase.Closed && ClientFrame.TryRead(bytes[at..], out var opcode, out var header, out var length))
        {
            TakeFrame(client, opcode, bytes.Slice(at + header, length), now);
            at += header + length;
        }

        return client.Phase == ClientPhase.Closed ? bytes.Length : at;
    }

    private void TakeFrame(Client client, byte opcode, ReadOnlySpan<byte> payload, long now)
    {
        switch (opcode)
        {
            case ClientFrame.Ping:
                client.SendFrame(ClientFrame.Pong, payload);
                return;
            case ClientFrame.Pong:
                return;
            case ClientFrame.Close:
                Lose(client, $"closed with {(payload.Length >= 2 ? (payload[0] << 8) | payload[1] : 0)}");
                return;
        }

        if (client.Phase == ClientPhase.Joining)
        {
            if (client.Plan.Protocol!.OnHandshake(client, payload))
                OnReady(client);
            return;
        }

        if (client.Plan.Protocol!.JoinsMessages)
            TakeJoined(client, payload, now);
        else
            TakeOne(client, payload, now);
    }

    private void TakeOne(Client client, ReadOnlySpan<byte> payload, long now)
    {
        var at = payload.Length - client.StampFromEnd;
        if (!Stamp.IsAt(payload, at))
        {
            at = payload.IndexOf(Stamp.Mark);
            if (at < 0)
            {
                client.Plan.Protocol!.OnOther(client, payload);
                return;
            }

            client.StampFromEnd = payload.Length - at;
        }

        var (time, number) = Stamp.Read(payload[at..]);
        Traffic?.OnDelivery(client, number, now - time);
    }

    // Several messages in a frame, and a message over the border of two: a stream, in which a stamp may begin in what came before.
    private void TakeJoined(Client client, ReadOnlySpan<byte> payload, long now)
    {
        Span<byte> border = stackalloc byte[ClientTail.Capacity + Stamp.Length];
        var before = client.Tail.CopyTo(border);
        if (before > 0)
        {
            var head = payload[..Math.Min(Stamp.Length, payload.Length)];
            head.CopyTo(border[before..]);
            var at = border[..(before + head.Length)].IndexOf(Stamp.Mark);
            if (at >= 0 && at < before && at + Stamp.Length <= before + head.Length)
            {
                Count(client, border[at..], now);
                payload = payload[(at + Stamp.Length - before)..];
                client.Tail.Clear();
            }
        }

        var rest = payload;
        var found = false;
        for (var at = rest.IndexOf(Stamp.Mark); at >= 0 && at + Stamp.Length <= rest.Length; at = rest.IndexOf(Stamp.Mark))
        {
            Count(client, rest[at..], now);
            rest = rest[(at + Stamp.Length)..];
            found = true;
        }

        if (found)
            client.Tail.Clear();
        client.Tail.Append(rest);
        if (!found && payload.Length < 64)
            client.Plan.Protocol!.OnOther(client, payload);
    }

    private void Count(Client client, ReadOnlySpan<byte> stamp, long now)
    {
        var (time, number) = Stamp.Read(stamp);
        Traffic?.OnDelivery(client, number, now - time);
    }

    private int TakeAnswer(Client client, ReadOnlySpan<byte> bytes)
    {
        var headEnd = bytes.IndexOf("\r\n\r\n"u8);
        if (headEnd < 0)
            return 0;
        var body = bytes[(headEnd + 4)..];
        var head = bytes[..headEnd];
        if (head.IndexOf("chunked"u8) >= 0)
        {
            if (!body.EndsWith("0\r\n\r\n"u8))
                return 0;
        }
        else if (body.Length < ContentLength(head))
        {
            return 0;
        }

        client.IsBusy = false;
        Traffic?.OnAnswer(client, succeeded: head.Length > 9 && head[9] == (byte)'2');
        return bytes.Length;
    }

    private static int ContentLength(ReadOnlySpan<byte> head)
    {
        var at = head.IndexOf("ontent-"u8) is var first && first >= 0 ? head.IndexOf("ength: "u8) : -1;
        if (at < 0)
            return 0;
        var length = 0;
        foreach (var digit in head[(at + 7)..])
        {
            if (digit is < (byte)'0' or > (byte)'9')
                break;
            length = (length * 10) + digit - '0';
        }

        return length;
    }
}
