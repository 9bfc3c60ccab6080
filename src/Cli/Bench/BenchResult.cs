using System.Globalization;
using System.Text.Json;
using Fanout.Cli.Output;

namespace Fanout.Cli.Bench;

/// <param name="Cpu">This process's share of the machine, 0 to 1.</param>
internal sealed record Measured(TimeSpan Time, long Deliveries, long Published, double Cpu)
{
    public double DeliveriesPerSecond => Deliveries / Time.TotalSeconds;

    public double PublishesPerSecond => Published / Time.TotalSeconds;
}

/// <summary>What came out.</summary>
/// <param name="WasHeldBack">With rate 0: more would have been published, but for the nodes' limit for one connection.</param>
internal sealed record BenchResult(
    BenchPlan Plan, Measured Measured, TimeSpan ConnectTime, LatencyHistogram Connects, LatencyHistogram Latencies, LedgerSum Messages,
    IReadOnlyDictionary<string, int> LostConnections, int Publishers, bool WasHeldBack)
{
    // Above it the tool competes with what it measures, or is the limit itself.
    private const double BusyGenerator = 0.8;

    /// <summary>Nothing was lost, refused, repeated, cut or left open.</summary>
    public bool IsClean => Messages is { Lost: 0, Repeated: 0, Unknown: 0, Refused.Count: 0 } && LostConnections.Count == 0;

    public void Write(Terminal terminal)
    {
        if (terminal.Json)
            terminal.Document(WriteJson);
        else
            Table().Write(terminal);
        if (WasHeldBack && !Plan.OverHttp)
            terminal.Remark("The nodes' Fanout:Limits:MessagesPerSecond was the limit, not what they can do: publish by --http, or raise it for the test.");
        if (Measured.Cpu > BusyGenerator)
            terminal.Remark($"This tool itself used {Measured.Cpu:P0} of the machine: it may be the limit. Run it elsewhere, or several of it.");
    }

    private Properties Table()
    {
        var table = new Properties();
        table.Add("connections", Shown(Plan.Connections, $" in {Count(Plan.Rooms, "room")}, open after {Seconds(ConnectTime)}; one took {Ms(Connects, 50)} (p50), {Ms(Connects, 99)} (p99)"));
        table.Add("published", Shown(Messages.Accepted, $", {Rate(Measured.PublishesPerSecond)} a second of {Plan.PayloadBytes} bytes, by {(Plan.OverHttp ? "HTTP" : Count(Publishers, "socket"))}"));
        table.Add("deliveries/s", new Cell(Measured.DeliveriesPerSecond.ToString("0", CultureInfo.InvariantCulture), Rate(Measured.DeliveriesPerSecond)));
        foreach (var percent in new[] { 50, 90, 99, 100 })
            table.Add(percent == 100 ? "latency max" : $"latency p{percent}", new Cell(Latencies.Percentile(percent).ToString("0.###", CultureInfo.InvariantCulture), Ms(Latencies, percent)));
        table.Add("lost", Trouble(Messages.Lost, "deliveries of accepted messages"));
        if (Messages.Repeated > 0)
            table.Add("repeated", Trouble(Messages.Repeated, "deliveries too many"));
        if (Messages.Unknown > 0)
            table.Add("unanswered", Trouble(Messages.Unknown, "publishes"));
        foreach (var (code, count) in Messages.Refused)
            table.Add("refused", Trouble(count, "publishes: " + code));
        foreach (var (reason, count) in LostConnections)
            table.Add("cut", Trouble(count, "connections: " + reason));
        table.Add("generator", new Cell(Measured.Cpu.ToString("0.###", CultureInfo.InvariantCulture), $"used {Math.Round(Measured.Cpu * 100)} % of this machine", Tone.Dim));
        return table;
    }

    private void WriteJson(Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        writer.WriteNumber("connections", Plan.Connections);
        writer.WriteNumber("rooms", Plan.Rooms);
        writer.WriteNumber("payloadBytes", Plan.PayloadBytes);
        writer.WriteNumber("rate", Plan.Rate);
        writer.WriteNumber("seconds", Math.Round(Measured.Time.TotalSeconds, 3));
        writer.WriteStartObject("connect");
        writer.WriteNumber("seconds", Math.Round(ConnectTime.TotalSeconds, 3));
        writer.WriteNumber("p50Ms", Percentile(Connects, 50));
        writer.WriteNumber("p99Ms", Percentile(Connects, 99));
        writer.WriteEndObject();
        writer.WriteNumber("accepted", Messages.Accepted);
        writer.WriteNumber("publishesPerSecond", Math.Round(Measured.PublishesPerSecond, 1));
        writer.WriteNumber("deliveries", Measured.Deliveries);
        writer.WriteNumber("deliveriesPerSecond", Math.Round(Measured.DeliveriesPerSecond, 1));
        writer.WriteStartObject("latencyMs");
        writer.WriteNumber("p50", Percentile(Latencies, 50));
        writer.WriteNumber("p90", Percentile(Latencies, 90));
        writer.WriteNumber("p99", Percentile(Latencies, 99));
        writer.WriteNumber("max", Percentile(Latencies, 100));
        writer.WriteEndObject();
        writer.WriteNumber("lost", Messages.Lost);
        writer.WriteNumber("repeated", Messages.Repeated);
        writer.WriteNumber("unanswered", Messages.Unknown);
        writer.WriteStartObject("refused");
        foreach (var (code, count) in Messages.Refused)
            writer.WriteNumber(code, count);
        writer.WriteEndObject();
        writer.WriteStartObject("connectionsLost");
        foreach (var (reason, count) in LostConnections)
            writer.WriteNumber(reason, count);
        writer.WriteEndObject();
        writer.WriteNumber("generatorCpu", Math.Round(Measured.Cpu, 3));
        writer.WriteEndObject();
    }

    private static Cell Shown(long number, string rest)
    {
        var cell = Cell.Number(number);
        return cell with { Shown = cell.Text + rest };
    }

    private static Cell Trouble(long count, string what) =>
        new(count.ToString(CultureInfo.InvariantCulture), count == 0 ? "nothing" : $"{Cell.Number(count).Text} {what}", count == 0 ? Tone.Good : Tone.Bad);

    private static double Percentile(LatencyHistogram histogram, double percent) => Math.Round(histogram.Percentile(percent), 3);

    private static string Ms(LatencyHistogram histogram, double percent) => string.Create(CultureInfo.InvariantCulture, $"{histogram.Percentile(percent):0.##} ms");

    private static string Seconds(TimeSpan time) => string.Create(CultureInfo.InvariantCulture, $"{time.TotalSeconds:0.##} s");

    private static string Rate(double perSecond) => perSecond.ToString("#,0", CultureInfo.InvariantCulture);

    private static string Count(int count, string what) => count == 1 ? $"1 {what}" : $"{count} {what}s";
}
