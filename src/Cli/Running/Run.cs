using System.CommandLine;
using Fanout.Cli.Http;
using Fanout.Cli.Output;

namespace Fanout.Cli.Running;

/// <summary>All that a command needs while it runs.</summary>
internal sealed class Run(ParseResult parsed, Settings settings, Terminal terminal, CancellationToken stopped) : IDisposable
{
    private FanoutApi? _api;

    public ParseResult Parsed { get; } = parsed;

    public Settings Settings { get; } = settings;

    public Terminal Terminal { get; } = terminal;

    /// <summary>Cancelled by Ctrl+C.</summary>
    public CancellationToken Stopped { get; } = stopped;

    public TimeProvider Time { get; } = TimeProvider.System;

    public FanoutApi Api => _api ??= new FanoutApi(Settings);

    public T? Get<T>(Option<T> option) => Parsed.GetValue(option);

    public T? Get<T>(Argument<T> argument) => Parsed.GetValue(argument);

    /// <summary>Whether the option stands on the command line.</summary>
    public bool Has(Option option) => Parsed.GetResult(option) is { Implicit: false };

    public void Dispose() => _api?.Dispose();
}
