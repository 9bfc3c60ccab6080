using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Fanout.Client.Diagnostics;

/// <summary>Log lines on their way to the logger, in their order. It is user code: it may be slow, and it may throw, so it is never called in a turn.</summary>
internal sealed class LogQueue(ILogger logger, Action<Action> schedule)
{
    /// <summary>Of a logger that stands still no more lines are kept.</summary>
    private const int MaxWaiting = 1_024;

    private readonly Queue<Action<ILogger>> _lines = new();
    private int _dropped;
    private bool _writing;

    public void Write(Action<ILogger> line)
    {
        if (logger is NullLogger)
            return;
        lock (_lines)
        {
            if (_lines.Count >= MaxWaiting)
            {
                _dropped++;
                return;
            }

            _lines.Enqueue(line);
            if (_writing)
                return;
            _writing = true;
        }

        schedule(WriteAll);
    }

    private void WriteAll()
    {
        while (Next() is { } line)
        {
            try
            {
                line(logger);
            }
            catch (Exception)
            {
                // Where a logger fails, there is nobody to tell; what it would have said was told by events.
            }
        }
    }

    private Action<ILogger>? Next()
    {
        lock (_lines)
        {
            if (_lines.TryDequeue(out var line))
                return line;
            if (_dropped > 0)
            {
                var dropped = _dropped;
                _dropped = 0;
                return to => ClientLog.LinesDropped(to, dropped);
            }

            _writing = false;
            return null;
        }
    }
}
