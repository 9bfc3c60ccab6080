using Spectre.Console;

namespace Fanout.Cli.Output;

/// <summary>What there is to say about one thing, a line for each.</summary>
internal sealed class Properties
{
    private readonly List<(string Name, Cell Value)> _items = [];

    public void Add(string name, Cell value) => _items.Add((name, value));

    public void Write(Terminal terminal)
    {
        if (!terminal.IsInteractive)
        {
            foreach (var (name, value) in _items)
                terminal.Values(name, value.Raw);
            return;
        }

        var grid = new Grid();
        grid.AddColumn(new GridColumn { Padding = new Padding(0, 0, 3, 0), NoWrap = true });
        grid.AddColumn(new GridColumn { Padding = new Padding(0) });
        foreach (var (name, value) in _items)
            grid.AddRow(new Text(name, new Style(decoration: Decoration.Dim)), Listing.Render(value));
        terminal.Rich.Write(grid);
    }
}
