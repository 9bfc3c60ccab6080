using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Fanout.Cli.Running;

namespace Fanout.Cli.Output;

/// <summary>Tells, on standard error, why a command failed and what to do about it.</summary>
internal static class ErrorReport
{
    /// <returns>The exit code.</returns>
    public static int Write(Terminal terminal, CliException error)
    {
        if (terminal.Json)
        {
            terminal.Error.WriteLine(ToJson(error));
            return error.ExitCode;
        }

        var (red, off) = terminal.UseErrorColor ? ("\u001b[31m", "\u001b[0m") : ("", "");
        terminal.Error.WriteLine($"{red}fanout:{off} {Plain.Of(error.Message)}");
        if (error.Hint is { } hint)
            terminal.Error.WriteLine($"        {Plain.Of(hint)}");
        return error.ExitCode;
    }

    private static string ToJson(CliException error)
    {
        var buffer = new ArrayBufferWriter<byte>(256);
        using (var writer = new Utf8JsonWriter(buffer, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            writer.WriteStartObject();
            writer.WriteStartObject("error");
            writer.WriteString("code", error.Code);
            writer.WriteString("message", error.Message);
            if (error.Hint is { } hint)
                writer.WriteString("hint", hint);
            if (error.Status is { } status)
                writer.WriteNumber("status", status);
            writer.WriteNumber("exitCode", error.ExitCode);
            writer.WriteEndObject();
            writer.WriteEndObject();
        }

        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }
}
