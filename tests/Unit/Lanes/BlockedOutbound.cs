using System.Text;
using System.Text.RegularExpressions;
using Fanout.Node.Connections;

namespace Fanout.Tests.Unit.Lanes;

/// <summary>Takes one write with a payload, and then none until it is released.</summary>
internal sealed class BlockedOutbound(Connection connection, TimeSpan stallTimeout) : Outbound(connection, new OutboundLimits(1 << 20, stallTimeout))
{
    private bool _isReleased;

    public List<string> Payloads { get; } = [];

    public void Release()
    {
        _isReleased = true;
        OnWritable();
    }

    protected override void Write(ReadOnlyMemory<byte> frames)
    {
        var found = Regex.Matches(Encoding.UTF8.GetString(frames.Span), "\"payload\":\"([^\"]*)\"").Select(match => match.Groups[1].Value).ToList();
        Payloads.AddRange(found);
        IsBlocked = !_isReleased && found.Count > 0;
    }
}
