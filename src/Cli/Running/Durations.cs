using System.CommandLine.Parsing;
using System.Globalization;

namespace Fanout.Cli.Running;

/// <summary>Durations as people write them: <c>500ms</c>, <c>30s</c>, <c>5m</c>, <c>1.5h</c>, <c>7d</c>, <c>00:10:00</c>, <c>30</c> (seconds).</summary>
internal static class Durations
{
    private static readonly (string Suffix, double Seconds)[] Units = [("ms", 0.001), ("s", 1), ("m", 60), ("h", 3600), ("d", 86400)];

    // Ten years; more is a slip of the finger, and timers take no more.
    private static readonly TimeSpan Longest = TimeSpan.FromDays(3660);

    public static bool TryParse(string text, out TimeSpan duration)
    {
        duration = default;
        if (text.Contains(':', StringComparison.Ordinal))
            return TimeSpan.TryParse(text, CultureInfo.InvariantCulture, out duration) && duration >= TimeSpan.Zero && duration <= Longest;
        var (suffix, seconds) = Array.Find(Units, unit => text.EndsWith(unit.Suffix, StringComparison.Ordinal));
        if (!double.TryParse(text[..^(suffix?.Length ?? 0)], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number))
            return false;
        var total = number * (suffix is null ? 1 : seconds);
        if (total > Longest.TotalSeconds)
            return false;
        duration = TimeSpan.FromSeconds(total);
        return true;
    }

    /// <summary>For options: their parser.</summary>
    public static TimeSpan? Parse(ArgumentResult result)
    {
        if (result.Tokens is [var token, ..] && TryParse(token.Value, out var duration))
            return duration;
        result.AddError($"'{result.Tokens[0].Value}' is no duration; write 500ms, 30s, 5m, 2h, 7d or 00:10:00.");
        return null;
    }

    /// <summary>For people: <c>45 s</c>, <c>3 min</c>, <c>2.5 h</c>, <c>4 d</c>.</summary>
    public static string ToText(TimeSpan duration)
    {
        var text = duration switch
        {
            { TotalSeconds: < 1 } => $"{duration.TotalMilliseconds:0} ms",
            { TotalSeconds: < 90 } => $"{duration.TotalSeconds:0.#} s",
            { TotalMinutes: < 90 } => $"{duration.TotalMinutes:0} min",
            { TotalHours: < 48 } => $"{duration.TotalHours:0.#} h",
            _ => $"{duration.TotalDays:0} d",
        };
        return text;
    }

    /// <summary>As the API takes durations.</summary>
    public static string ToWire(TimeSpan duration) => duration.ToString("c", CultureInfo.InvariantCulture);
}
