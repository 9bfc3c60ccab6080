using System.Globalization;

namespace Fanout.Cli.Output;

internal enum Tone
{
    Normal,
    Dim,
    Good,
    Warning,
    Bad,
}

/// <summary>One value of a table.</summary>
/// <param name="Raw">For programs.</param>
/// <param name="Shown">For people, where that is something else.</param>
internal readonly record struct Cell(string Raw, string? Shown = null, Tone Tone = Tone.Normal)
{
    public string Text => Shown ?? (Raw.Length == 0 ? "-" : Raw);

    public static implicit operator Cell(string? text) => new(text ?? "");

    public static Cell Number(long value) => new(
        value.ToString(CultureInfo.InvariantCulture), value.ToString("#,0", CultureInfo.InvariantCulture));

    /// <summary>A moment: by its age for people, in RFC 3339 for programs.</summary>
    public static Cell Ago(string? moment, DateTimeOffset now) =>
        moment is null || !DateTimeOffset.TryParse(moment, CultureInfo.InvariantCulture, out var time)
            ? new Cell(moment ?? "")
            : new Cell(moment, Running.Durations.ToText(now > time ? now - time : TimeSpan.Zero) + " ago");
}
