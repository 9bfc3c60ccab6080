using System.Globalization;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json;
using Fanout.Cli.Http;
using Fanout.Shared.Protocol;

namespace Fanout.Cli.Bench;

/// <summary>Publishes over a socket. Answers are read beside it.</summary>
internal sealed class SocketPublisher(BenchSocket socket, BenchPlan plan, MessageLedger ledger) : IBenchPublisher
{
    private readonly SemaphoreSlim _turn = new(1, 1);
    private readonly string _filler = new('x', Math.Max(0, plan.PayloadBytes - Stamp.Length));

    public string? Lost { get; private set; }

    public async Task PublishAsync(uint number, long time, CancellationToken cancellation)
    {
        var message = Encode(number, time);
        await _turn.WaitAsync(cancellation);
        try
        {
            await socket.SendAsync(message, cancellation);
        }
        catch (WebSocketException)
        {
            Lost ??= socket.EndReason;
            ledger.Refuse(number, "connection_lost");
        }
        finally
        {
            _turn.Release();
        }
    }

    public async Task ReadAsync(CancellationToken cancellation)
    {
        try
        {
            while (true)
            {
                var answer = await socket.ReceiveAsync(cancellation);
                if (answer.IsEmpty)
                    break;
                Note(JsonElement.Parse(answer.Span));
            }
        }
        catch (OperationCanceledException)
        {
            return;
        }
        catch (WebSocketException)
        {
            // Told as lost, below.
        }

        Lost ??= socket.EndReason;
    }

    public void Dispose()
    {
        socket.Dispose();
        _turn.Dispose();
    }

    private byte[] Encode(uint number, long time)
    {
        Span<byte> stamp = stackalloc byte[Stamp.Length];
        Stamp.Write(stamp, time, number);
        return Encoding.ASCII.GetBytes(string.Create(
            CultureInfo.InvariantCulture,
            $$"""{"type":"publish","id":"{{number}}","room":"{{plan.RoomName(ledger.RoomOf(number))}}","payload":"{{Encoding.ASCII.GetString(stamp)}}{{_filler}}"}"""));
    }

    private void Note(JsonElement answer)
    {
        // A refusal for the byte rate has no id: its message was not read. It stays unanswered, and nothing more is to be waited for.
        if (answer.Text("id") is null && answer.Text("type") == MessageTypes.Error)
            ledger.OnRefused();
        if (!uint.TryParse(answer.Text("id"), NumberStyles.None, CultureInfo.InvariantCulture, out var number))
            return;
        if (answer.Text("type") == MessageTypes.Published)
            ledger.Accept(number);
        else if (answer.Text("type") == MessageTypes.Error)
            ledger.Refuse(number, answer.Field("payload").Text("code") ?? "unknown");
    }
}
