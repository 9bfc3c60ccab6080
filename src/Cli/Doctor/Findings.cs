using Fanout.Cli.Output;
using Spectre.Console;

namespace Fanout.Cli.Doctor;

/// <summary>Gathers what checks find, and shows each as it comes.</summary>
internal sealed class Findings(Terminal terminal)
{
    private readonly List<Finding> _all = [];
    private string? _area;

    public int Failures => Count(Severity.Failure);

    public int Warnings => Count(Severity.Warning);

    public void Ok(string area, string check, string text) => Add(new Finding(area, check, Severity.Ok, text));

    public void Skip(string area, string check, string text, string? advice = null) => Add(new Finding(area, check, Severity.Skipped, text, advice));

    public void Warn(string area, string check, string text, string advice) => Add(new Finding(area, check, Severity.Warning, text, advice));

    public void Fail(string area, string check, string text, string advice) => Add(new Finding(area, check, Severity.Failure, text, advice));

    public void Add(Finding finding)
    {
        _all.Add(finding);
        if (terminal.Json)
            return;
        if (terminal.IsInteractive)
            Show(finding);
        else
            terminal.Values(Word(finding.Severity), finding.Area, finding.Check, finding.Text, finding.Advice);
        terminal.Flush();
    }

    /// <summary>The title of what follows.</summary>
    public void Begin(string area, string subject)
    {
        if (terminal.Json || !terminal.IsInteractive)
            return;
        if (_area is not null)
            terminal.Line("");
        _area = area;
        terminal.Rich.Write(new Text($"{area}  {Plain.Of(subject)}\n", new Style(decoration: Decoration.Bold)));
        terminal.Flush();
    }

    public void End()
    {
        if (terminal.Json)
        {
            terminal.Document(writer =>
            {
                writer.WriteStartObject();
                writer.WriteBoolean("healthy", Failures == 0);
                writer.WriteNumber("failures", Failures);
                writer.WriteNumber("warnings", Warnings);
                writer.WriteStartArray("findings");
                foreach (var finding in _all)
                {
                    writer.WriteStartObject();
                    writer.WriteString("area", finding.Area);
                    writer.WriteString("check", finding.Check);
                    writer.WriteString("severity", Word(finding.Severity));
                    writer.WriteString("text", finding.Text);
                    if (finding.Advice is { } advice)
                        writer.WriteString("advice", advice);
                    writer.WriteEndObject();
                }

                writer.WriteEndArray();
                writer.WriteEndObject();
            });
            return;
        }

        if (!terminal.IsInteractive)
            return;
        terminal.Line("");
        var (text, tone) = (Failures, Warnings) switch
        {
            (0, 0) => ("Nothing to complain about.", Tone.Good),
            (0, var warnings) => ($"{Of(warnings, "warning")}, no failure.", Tone.Warning),
            var (failures, warnings) => ($"{Of(failures, "failure")}, {Of(warnings, "warning")}.", Tone.Bad),
        };
        terminal.Rich.Write(new Text(text + "\n", Listing.StyleOf(tone)));
    }

    private void Show(Finding finding)
    {
        var tone = finding.Severity switch { Severity.Ok => Tone.Good, Severity.Warning => Tone.Warning, Severity.Failure => Tone.Bad, _ => Tone.Dim };
        var grid = new Grid { Expand = false };
        grid.AddColumn(new GridColumn { Width = 4, Padding = new Padding(2, 0, 2, 0), NoWrap = true });
        grid.AddColumn(new GridColumn { Width = 13, Padding = new Padding(0, 0, 2, 0), NoWrap = true });
        grid.AddColumn(new GridColumn { Padding = new Padding(0) });
        grid.AddRow(new Text(Word(finding.Severity), Listing.StyleOf(tone)), new Text(finding.Check), new Text(Plain.Of(finding.Text), Listing.StyleOf(finding.Severity == Severity.Skipped ? Tone.Dim : Tone.Normal)));
        if (finding.Advice is { } advice)
            grid.AddRow(Text.Empty, Text.Empty, new Text(Plain.Of(advice), Listing.StyleOf(Tone.Dim)));
        terminal.Rich.Write(grid);
    }

    private int Count(Severity severity) => _all.Count(finding => finding.Severity == severity);

    private static string Of(int count, string what) => count == 1 ? $"1 {what}" : $"{count} {what}s";

    private static string Word(Severity severity) => severity switch { Severity.Ok => "ok", Severity.Warning => "warn", Severity.Failure => "fail", _ => "skip" };
}
