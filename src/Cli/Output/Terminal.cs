using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Fanout.Cli.Running;
using Spectre.Console;

namespace Fanout.Cli.Output;

/// <summary>Where the tool writes: tables and colours for people, plain lines or JSON for programs. Not thread-safe.</summary>
internal sealed class Terminal(bool json) : IDisposable
{
    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false);

    private IAnsiConsole? _console;
    private IAnsiConsole? _errorConsole;

    /// <summary>Whether the answer is to be JSON.</summary>
    public bool Json { get; } = json;

    /// <summary>Whether a person is looking. A dumb terminal gets a table without colours.</summary>
    public bool IsInteractive { get; } = !Console.IsOutputRedirected;

    public bool IsErrorInteractive { get; } = !Console.IsErrorRedirected;

    public TextWriter Out { get; } = new StreamWriter(new StandardOutput(), Utf8, 4096) { AutoFlush = false, NewLine = "\n" };

    public TextWriter Error { get; } = Console.Error;

    /// <summary>For tables; loads Spectre, so only where a person is looking.</summary>
    public IAnsiConsole Rich => _console ??= Make(Out);

    public IAnsiConsole RichError => _errorConsole ??= Make(Error);

    public bool UseColor => IsInteractive && !Surroundings.NoColor;

    public bool UseErrorColor => IsErrorInteractive && !Surroundings.NoColor;

    public void Line(string text) => Out.WriteLine(text);

    /// <summary>Tab-separated values: no tab and no line end can be in one.</summary>
    public void Values(params IEnumerable<string?> values) => Out.WriteLine(string.Join('\t', values.Select(value => Plain.Of(value ?? ""))));

    /// <summary>One JSON document: indented for people, one line for programs.</summary>
    public void Document(Action<Utf8JsonWriter> write) => Document(write, indented: IsInteractive);

    /// <summary>One line of JSON, for streams.</summary>
    public void DocumentLine(Action<Utf8JsonWriter> write) => Document(write, indented: false);

    public void Document(JsonElement element) => Document(element.WriteTo);

    /// <summary>A remark for the person who looks; programs, and those who asked for JSON, are not bothered.</summary>
    public void Remark(string text)
    {
        if (Json || !IsErrorInteractive)
            return;
        Flush();
        Error.WriteLine(text);
    }

    public void Flush() => Out.Flush();

    /// <summary>Flushes at the very end, where nobody is left to hear that the reader is gone.</summary>
    public void TryFlush()
    {
        try
        {
            Out.Flush();
        }
        catch (IOException)
        {
            // The reader went first.
        }
    }

    public void Dispose()
    {
        // Out holds no handle of its own; what was to be written has been flushed.
    }

    private void Document(Action<Utf8JsonWriter> write, bool indented)
    {
        var buffer = new ArrayBufferWriter<byte>(1024);
        using (var writer = new Utf8JsonWriter(buffer, new JsonWriterOptions { Indented = indented, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
            write(writer);
        Out.WriteLine(Encoding.UTF8.GetString(buffer.WrittenSpan));
    }

    private static IAnsiConsole Make(TextWriter writer)
    {
        var isError = writer == Console.Error;
        var color = !Surroundings.NoColor && !(isError ? Console.IsErrorRedirected : Console.IsOutputRedirected);
        var console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Out = new AnsiConsoleOutput(writer),
            Ansi = color ? AnsiSupport.Yes : AnsiSupport.No,
            ColorSystem = color ? ColorSystemSupport.Detect : ColorSystemSupport.NoColors,
            Interactive = InteractionSupport.No,
        });
        return console;
    }
}
