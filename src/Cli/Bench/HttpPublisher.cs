using System.Text;
using Fanout.Cli.Http;
using Fanout.Cli.Running;

namespace Fanout.Cli.Bench;

/// <summary>Publishes by the HTTP API.</summary>
internal sealed class HttpPublisher(FanoutApi api, BenchPlan plan, MessageLedger ledger) : IBenchPublisher
{
    private readonly byte[] _payload = Encoding.ASCII.GetBytes($"\"{new string('x', Math.Max(plan.PayloadBytes, Stamp.Length))}\"");

    public string? Lost => null;

    public async Task PublishAsync(uint number, long time, CancellationToken cancellation)
    {
        var payload = (byte[])_payload.Clone();
        Stamp.Write(payload.AsSpan(1), time, number);
        try
        {
            await api.PostAsync(FanoutApi.Room(plan.RoomName(ledger.RoomOf(number))) + "/messages", payload, cancellation);
            ledger.Accept(number);
        }
        catch (CliException e)
        {
            ledger.Refuse(number, e.Code);
        }
    }

    public void Dispose()
    {
        // The API belongs to the run.
    }
}
