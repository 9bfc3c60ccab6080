using System.Diagnostics;
using Fanout.Cli.Output;

namespace Fanout.Cli.Bench;

/// <summary>One line on standard error that says how far it is, for people.</summary>
internal sealed class StatusLine(Terminal terminal)
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(200);

    private long _shown;
    private bool _isThere;

    public bool IsDue => terminal.IsErrorInteractive && !terminal.Json && Stopwatch.GetElapsedTime(_shown) >= Interval;

    public void Show(string text)
    {
        if (!IsDue)
            return;
        _shown = Stopwatch.GetTimestamp();
        _isThere = true;
        terminal.Error.Write($"\r\u001b[K{text}");
    }

    public void Clear()
    {
        if (_isThere)
            terminal.Error.Write("\r\u001b[K");
        _isThere = false;
    }
}
