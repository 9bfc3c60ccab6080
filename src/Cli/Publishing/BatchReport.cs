using System.Globalization;
using Fanout.Cli.Output;

namespace Fanout.Cli.Publishing;

/// <summary>What became of a stream of messages.</summary>
internal static class BatchReport
{
    public static void Write(Terminal terminal, BatchSender sender)
    {
        if (terminal.Json)
        {
            terminal.Document(writer =>
            {
                writer.WriteStartObject();
                writer.WriteNumber("published", sender.Published);
                writer.WriteNumber("refused", sender.Refused);
                writer.WriteNumber("batches", sender.Batches);
                writer.WriteStartArray("refusals");
                foreach (var (line, code, message) in sender.Refusals)
                {
                    writer.WriteStartObject();
                    writer.WriteNumber("line", line);
                    writer.WriteString("code", code);
                    writer.WriteString("message", message);
                    writer.WriteEndObject();
                }

                writer.WriteEndArray();
                writer.WriteEndObject();
            });
            return;
        }

        if (terminal.IsInteractive)
            terminal.Line($"{Number(sender.Published)} published in {Number(sender.Batches)} {(sender.Batches == 1 ? "batch" : "batches")}" + (sender.Refused > 0 ? $", {Number(sender.Refused)} refused" : ""));
        else
            terminal.Values(sender.Published.ToString(CultureInfo.InvariantCulture), sender.Refused.ToString(CultureInfo.InvariantCulture));
        terminal.Flush();
        foreach (var (line, code, message) in sender.Refusals)
            terminal.Error.WriteLine($"fanout: line {line} was refused: {Plain.Of(message ?? code ?? "no reason was given")}");
        if (sender.Refused > sender.Refusals.Count)
            terminal.Error.WriteLine($"fanout: and {sender.Refused - sender.Refusals.Count} more");
    }

    private static string Number(long value) => value.ToString("#,0", CultureInfo.InvariantCulture);
}
