using System.Globalization;

namespace Fanout.Node.Hosting.Settings;

/// <summary>Gathers what is wrong, so that an operator sees all of it at the first start and not one after the other.</summary>
internal sealed class SettingProblems
{
    private readonly List<string> _problems = [];

    public bool Any => _problems.Count > 0;

    public void Add(string setting, object? value, string wanted) =>
        _problems.Add(string.Create(CultureInfo.InvariantCulture, $"{setting} is '{value}': it must be {wanted}."));

    public void AddLine(string line) => _problems.Add(line);

    public void Check(bool ok, string setting, object? value, string wanted)
    {
        if (!ok)
            Add(setting, value, wanted);
    }

    public void NotNegative(string setting, TimeSpan value) => Check(value >= TimeSpan.Zero, setting, value, "a duration such as 00:00:30, or 0 to switch it off");

    public void Positive(string setting, TimeSpan value) => Check(value > TimeSpan.Zero, setting, value, "a duration above 0, such as 00:00:30");

    public void NotNegative(string setting, long value) => Check(value >= 0, setting, value, "a number from 0 on; 0 switches the limit off");

    public void ThrowIfAny()
    {
        if (Any)
            throw new SettingsException(_problems);
    }
}
