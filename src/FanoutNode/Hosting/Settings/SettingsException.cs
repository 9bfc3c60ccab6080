namespace Fanout.Node.Hosting.Settings;

/// <summary>The configuration cannot be used. The message has one line for each setting that is wrong.</summary>
internal sealed class SettingsException(IReadOnlyList<string> problems) : Exception(string.Join(Environment.NewLine, problems))
{
    public IReadOnlyList<string> Problems { get; } = problems;
}
