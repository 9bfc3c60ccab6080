using System.Globalization;

namespace Fanout.Cli.Redis;

/// <summary>The answer of INFO.</summary>
internal sealed class RedisInfo
{
    private readonly Dictionary<string, string> _fields = new(StringComparer.Ordinal);

    public RedisInfo(string text)
    {
        foreach (var line in text.Split('\n'))
        {
            var colon = line.IndexOf(':', StringComparison.Ordinal);
            if (colon > 0 && line[0] != '#')
                _fields[line[..colon]] = line[(colon + 1)..].Trim();
        }
    }

    public string? this[string name] => _fields.GetValueOrDefault(name);

    public long Number(string name) => long.TryParse(this[name], NumberStyles.Integer, CultureInfo.InvariantCulture, out var number) ? number : 0;

    /// <summary>Fields such as <c>slave0:ip=…,state=online</c>, each as its parts.</summary>
    public IEnumerable<Dictionary<string, string>> Lists(string prefix)
    {
        for (var i = 0; this[prefix + i.ToString(CultureInfo.InvariantCulture)] is { } value; i++)
        {
            yield return value.Split(',').Select(part => part.Split('=', 2)).Where(part => part.Length == 2)
                .ToDictionary(part => part[0], part => part[1], StringComparer.Ordinal);
        }
    }
}
