using System.CommandLine;
using Fanout.Cli.Running;

namespace Fanout.Cli.Commands;

/// <summary><c>fanout completion</c>: what a shell needs to complete the tool's commands and options.</summary>
internal static class CompletionCommand
{
    // Each asks the tool itself, by the directive [suggest:position], so that nothing here has to be kept up to date.
    private const string Bash = """
        _fanout() {
          local IFS=$'\n'
          COMPREPLY=($(compgen -W "$(fanout "[suggest:${COMP_POINT}]" "${COMP_LINE}" 2>/dev/null)" -- "${COMP_WORDS[COMP_CWORD]}"))
        }
        complete -o default -F _fanout fanout
        """;

    private const string Zsh = """
        #compdef fanout
        _fanout() {
          local -a words_of_fanout
          words_of_fanout=("${(@f)$(fanout "[suggest:${CURSOR}]" "${BUFFER}" 2>/dev/null)}")
          compadd -a words_of_fanout
        }
        compdef _fanout fanout
        """;

    private const string Fish = """
        complete -c fanout -f -a '(set -l line (commandline -cp); fanout "[suggest:"(string length -- "$line")"]" "$line" 2>/dev/null)'
        """;

    private const string PowerShell = """
        Register-ArgumentCompleter -Native -CommandName fanout -ScriptBlock {
          param($word, $tree, $position)
          fanout "[suggest:$position]" "$tree" 2>$null | Where-Object { $_ -like "$word*" } | ForEach-Object { [System.Management.Automation.CompletionResult]::new($_) }
        }
        """;

    public static Command Create(Tool tool)
    {
        var shell = new Argument<string>("shell") { Description = "bash, zsh, fish or pwsh" };
        shell.AcceptOnlyFromAmong("bash", "zsh", "fish", "pwsh");
        var command = new Command("completion", "Print the script by which a shell completes this tool's words") { shell }
            .WithExamples("completion bash > ~/.local/share/bash-completion/completions/fanout", "completion zsh > \"${fpath[1]}/_fanout\"", "completion fish > ~/.config/fish/completions/fanout.fish");
        return tool.With(command, run =>
        {
            run.Terminal.Line(run.Get(shell) switch { "bash" => Bash, "zsh" => Zsh, "fish" => Fish, _ => PowerShell });
            return Task.FromResult(ExitCode.Ok);
        });
    }
}
