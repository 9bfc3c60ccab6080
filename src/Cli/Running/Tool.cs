using System.CommandLine;
using Fanout.Cli.Commands;
using Fanout.Cli.Output;

namespace Fanout.Cli.Running;

/// <summary>The whole tool: its commands, and how each of them begins and ends.</summary>
internal sealed class Tool
{
    private readonly GlobalOptions _options = new();
    private readonly Interrupts _interrupts;

    private Tool(Interrupts interrupts) => _interrupts = interrupts;

    /// <summary>What a command does; the result is the exit code.</summary>
    public delegate Task<int> Body(Run run);

    public static async Task<int> RunAsync(string[] args)
    {
        using var interrupts = new Interrupts();
        return await new Tool(interrupts).InvokeAsync(args);
    }

    /// <summary>Gives a command its body.</summary>
    public Command With(Command command, Body body)
    {
        command.SetAction((parsed, _) => ExecuteAsync(parsed, body));
        return command;
    }

    private RootCommand Root()
    {
        var root = new RootCommand("Fanout's command-line tool: publish, listen, look, check. `fanout COMMAND --help` has examples.")
        {
            PubCommand.Create(this),
            SubCommand.Create(this),
            RoomsCommand.Create(this),
            MembersCommand.Create(this),
            HistoryCommand.Create(this),
            UsersCommand.Create(this),
            NodesCommand.Create(this),
            DisconnectCommand.Create(this),
            TokenCommand.Create(this),
            DoctorCommand.Create(this),
            BenchCommand.Create(this),
            CompletionCommand.Create(this),
        };
        _options.AddTo(root);
        HelpPages.Attach(root);
        return root;
    }

    private async Task<int> InvokeAsync(string[] args)
    {
        var parsed = Root().Parse(args);
        using var terminal = new Terminal(_options.WantsJson(parsed));
        try
        {
            // --help, --version and the directive [suggest] clear errors by themselves.
            if (parsed.Errors.Count > 0 && parsed.Action is not { ClearsParseErrors: true })
                return ErrorReport.Write(terminal, UsageErrors.Of(parsed));
            return await parsed.InvokeAsync(new InvocationConfiguration
            {
                Output = terminal.Out,
                Error = terminal.Error,
                EnableDefaultExceptionHandler = false,
                ProcessTerminationTimeout = null,
            });
        }
        catch (OutputClosedException)
        {
            return ExitCode.Ok;
        }
        finally
        {
            terminal.TryFlush();
        }
    }

    private async Task<int> ExecuteAsync(ParseResult parsed, Body body)
    {
        using var terminal = new Terminal(_options.WantsJson(parsed));
        try
        {
            using var run = new Run(parsed, Settings.From(parsed, _options), terminal, _interrupts.Token);
            var code = await body(run);
            terminal.Flush();
            return _interrupts.ExitCode != 0 ? _interrupts.ExitCode : code;
        }
        catch (OutputClosedException)
        {
            // The reader has had enough (`| head -1`): an end like any other.
            return ExitCode.Ok;
        }
        catch (OperationCanceledException) when (_interrupts.ExitCode != 0)
        {
            terminal.TryFlush();
            return _interrupts.ExitCode;
        }
        catch (CliException e)
        {
            terminal.TryFlush();
            return ErrorReport.Write(terminal, e);
        }
    }
}
