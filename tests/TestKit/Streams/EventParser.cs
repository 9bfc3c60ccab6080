using System.Globalization;
using System.Text;

namespace Fanout.Tests.TestKit.Streams;

/// <summary>Reads the lines of an event stream as the HTML standard says (section 9.2.6), independently of the node's own code.</summary>
internal sealed class EventParser
{
    private readonly StringBuilder _data = new();
    private string _name = "";
    private string? _id;

    public string LastEventId { get; private set; } = "";

    public long? RetryMs { get; private set; }

    public int Comments { get; private set; }

    /// <summary>Takes one line without its end; returns the event that it completes.</summary>
    public StreamEvent? Take(string line)
    {
        if (line.Length == 0)
            return Complete();
        var colon = line.IndexOf(':', StringComparison.Ordinal);
        if (colon == 0)
        {
            Comments++;
            return null;
        }

        var field = colon < 0 ? line : line[..colon];
        var value = colon < 0 ? "" : line[(colon + 1)..];
        if (value.StartsWith(' '))
            value = value[1..];
        switch (field)
        {
            case "event":
                _name = value;
                break;
            case "data":
                _data.Append(value).Append('\n');
                break;
            case "id" when !value.Contains('\0', StringComparison.Ordinal):
                _id = value;
                break;
            case "retry" when value.Length > 0 && value.All(char.IsAsciiDigit):
                RetryMs = long.Parse(value, CultureInfo.InvariantCulture);
                break;
        }

        return null;
    }

    private StreamEvent? Complete()
    {
        LastEventId = _id ?? LastEventId;
        var (name, id, data) = (_name, _id, _data.ToString());
        (_name, _id) = ("", null);
        _data.Clear();
        return data.Length == 0 ? null : new StreamEvent(name.Length == 0 ? "message" : name, id, LastEventId, data[..^1]);
    }
}
