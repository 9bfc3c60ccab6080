using Spectre.Console;
using Spectre.Console.Rendering;

namespace Fanout.Cli.Output;

/// <param name="Right">Numbers stand at the right.</param>
/// <param name="Fixed">Is not broken over lines when the terminal is narrow: what people copy.</param>
internal readonly record struct Column(string Title, bool Right = false, bool Fixed = false);

/// <summary>Rows and columns: a table for people, tab-separated values without a head for programs.</summary>
internal sealed class Listing(params Column[] columns)
{
    private readonly List<Cell[]> _rows = [];

    public int Count => _rows.Count;

    public void Add(params Cell[] cells) => _rows.Add(cells);

    public void Write(Terminal terminal)
    {
        if (terminal.IsInteractive)
        {
            terminal.Rich.Write(ToTable());
            return;
        }

        foreach (var row in _rows)
            terminal.Values(row.Select(cell => cell.Raw));
    }

    public Table ToTable()
    {
        var table = new Table { Border = TableBorder.None, ShowHeaders = true };
        for (var i = 0; i < columns.Length; i++)
        {
            var column = new TableColumn(new Text(columns[i].Title.ToUpperInvariant(), new Style(decoration: Decoration.Dim)))
            {
                Alignment = columns[i].Right ? Justify.Right : Justify.Left,
                NoWrap = columns[i].Fixed || columns[i].Right,
                Padding = new Padding(0, 0, i == columns.Length - 1 ? 0 : 3, 0),
            };
            table.AddColumn(column);
        }

        foreach (var row in _rows)
            table.AddRow(row.Select(Render));
        return table;
    }

    public static IRenderable Render(Cell cell) => new Text(Plain.Of(cell.Text), StyleOf(cell.Tone));

    public static Style StyleOf(Tone tone) => tone switch
    {
        Tone.Dim => new Style(decoration: Decoration.Dim),
        Tone.Good => new Style(Color.Green),
        Tone.Warning => new Style(Color.Yellow),
        Tone.Bad => new Style(Color.Red),
        _ => Style.Plain,
    };
}
