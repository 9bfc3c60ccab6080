using System.Globalization;
using System.Text.Json;
using Fanout.Cli.Http;
using Fanout.Cli.Output;
using Fanout.Cli.Running;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Fanout.Cli.Commands;

/// <summary>Looks at the nodes again and again. A look that fails is shown, not the end: what one watches is what may be away.</summary>
internal sealed class NodesWatch(Run run, TimeSpan interval)
{
    private JsonElement _last;
    private DateTimeOffset _seen;

    public async Task RunAsync()
    {
        // What will not get better by waiting ends the command at once.
        await LookAsync(first: true);
        // A terminal that shall get no escape sequences cannot be drawn over.
        if (!run.Terminal.UseColor || run.Terminal.Json)
        {
            await StreamAsync();
            return;
        }

        await run.Terminal.Rich.Live(View(null)).AutoClear(false).Overflow(VerticalOverflow.Crop).StartAsync(async live =>
        {
            while (!run.Stopped.IsCancellationRequested)
            {
                live.UpdateTarget(View(await LookAsync(first: false)));
                live.Refresh();
                run.Terminal.Flush();
                await PauseAsync();
            }
        });
    }

    private async Task StreamAsync()
    {
        while (true)
        {
            if (run.Terminal.Json)
                run.Terminal.DocumentLine(_last.WriteTo);
            else
                NodesCommand.ToListing(_last, run.Time.GetUtcNow()).Write(run.Terminal);
            run.Terminal.Flush();
            await PauseAsync();
            run.Stopped.ThrowIfCancellationRequested();
            while (await LookAsync(first: false) is { } problem)
            {
                run.Terminal.Error.WriteLine("fanout: " + problem);
                await PauseAsync();
                run.Stopped.ThrowIfCancellationRequested();
            }
        }
    }

    // What is wrong; null if the look succeeded.
    private async Task<string?> LookAsync(bool first)
    {
        try
        {
            _last = await NodesCommand.ReadAsync(run);
            _seen = run.Time.GetUtcNow();
            return null;
        }
        catch (CliException e) when (!first && e.ExitCode is ExitCode.Unreachable or ExitCode.TryLater)
        {
            return e.Message;
        }
        catch (OperationCanceledException) when (!first)
        {
            return null;
        }
    }

    private async Task PauseAsync()
    {
        try
        {
            await Task.Delay(interval, run.Time, run.Stopped);
        }
        catch (OperationCanceledException)
        {
            // The loop sees it.
        }
    }

    private Rows View(string? problem)
    {
        var now = run.Time.GetUtcNow();
        var nodes = _last.Items().ToList();
        var connections = nodes.Sum(node => node.Number("connections") ?? 0).ToString("#,0", CultureInfo.InvariantCulture);
        var clock = TimeZoneInfo.ConvertTime(_seen, run.Time.LocalTimeZone).ToString("HH:mm:ss", CultureInfo.InvariantCulture);
        IRenderable head = problem is null
            ? new Text($"{nodes.Count} {(nodes.Count == 1 ? "node" : "nodes")}, {connections} connections    {clock}, every {Durations.ToText(interval)}, Ctrl+C ends", new Style(decoration: Decoration.Dim))
            : new Text($"{Plain.Of(problem)} Shown is what was seen {Durations.ToText(now - _seen)} ago.", new Style(Color.Red));
        return new Rows(head, Text.Empty, NodesCommand.ToListing(_last, now).ToTable());
    }
}
