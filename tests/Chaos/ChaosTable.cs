using System.Globalization;
using System.Text;
using Fanout.Tests.Chaos.Recordings;

namespace Fanout.Tests.Chaos;

/// <summary>A run in figures, for the log and for the note.</summary>
internal static class ChaosTable
{
    private const int MostOfAKind = 12;

    public static string Write(ChaosResult result)
    {
        var text = new StringBuilder();
        var recording = result.Recording;
        var events = recording.Tracks.SelectMany(track => track.Events).ToList();
        var joins = events.OfType<Joined>().Where(joined => joined.Since is not null).ToList();
        Line(text, $"seed                    {result.Options.Seed}");
        Line(text, $"minutes                 {result.Took.TotalMinutes:0.0}, of them {result.Options.Duration.TotalMinutes:0.0} with faults; at rest {result.Settled.TotalSeconds:0.0} s after healing");
        Line(text, $"messages published      {recording.Publishes.Count} in {result.Attempts} attempts");
        Line(text, $"messages acknowledged   {recording.Publishes.Count(publish => publish.Ack is not null)}");
        Line(text, $"messages delivered      {events.OfType<Received>().Count()} to {result.Subscribers} subscribers");
        Line(text, $"reconnects              {result.Connects - result.Subscribers}");
        Line(text, $"recovered true          {joins.Count(joined => joined.Recovered)}");
        Line(text, $"recovered false         {joins.Count(joined => !joined.Recovered)}, of them in the same epoch {joins.Count(joined => !joined.Recovered && joined.Since?.Epoch == joined.Position?.Epoch)}");
        Line(text, $"resets                  {events.OfType<WasReset>().Count()}");
        Line(text, $"close codes             {CloseCodes(recording)}");
        foreach (var kind in result.Faults.GroupBy(fault => fault.Step.Kind).OrderBy(kind => kind.Key))
            Line(text, $"  {kind.Key,-22}{kind.Count()}");
        Line(text, $"faults                  {result.Faults.Count}");
        Line(text, $"errors logged by nodes  {result.NodeErrors.Count}");
        Line(text, $"violations              {result.Violations.Count}");
        return text.ToString();
    }

    /// <summary>The faults in order, and the violations between them by their times: what a search for the cause begins with.</summary>
    public static string WriteHistory(ChaosResult result)
    {
        var text = new StringBuilder();
        foreach (var (from, to, step) in result.Faults.OrderBy(fault => fault.From))
            Line(text, $"{from.TotalSeconds,8:0.000} to {to.TotalSeconds,8:0.000} s  {step}");
        Line(text, $"");
        foreach (var kind in result.Violations.GroupBy(violation => violation.Kind))
            Line(text, $"{kind.Count(),6} {kind.Key}, from {kind.Min(violation => violation.At)?.TotalSeconds:0.000} to {kind.Max(violation => violation.At)?.TotalSeconds:0.000} s");
        // The first of each kind: one fault of the node often shows a thousand times.
        foreach (var violation in result.Violations.GroupBy(violation => violation.Kind).SelectMany(kind => kind.Take(MostOfAKind)).OrderBy(violation => violation.At ?? TimeSpan.MaxValue))
            Line(text, $"{violation}");
        foreach (var error in result.NodeErrors.Take(20))
            Line(text, $"{error}");
        return text.ToString();
    }

    private static string CloseCodes(Recording recording)
    {
        // A connection's end stands in each of its rooms; one room that every subscriber is in tells them all.
        var codes = recording.Tracks.Where(track => track.Room == recording.Rooms[0].Name).SelectMany(track => track.Events).OfType<Ended>()
            .GroupBy(ended => ended.Code).OrderBy(code => code.Key);
        return string.Join(", ", codes.Select(code => $"{code.Key?.ToString(CultureInfo.InvariantCulture) ?? "none"} {code.Count()}"));
    }

    private static void Line(StringBuilder text, FormattableString line) => text.AppendLine(line.ToString(CultureInfo.InvariantCulture));
}
