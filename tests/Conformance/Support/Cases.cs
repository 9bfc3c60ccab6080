using Xunit;

namespace Fanout.Tests.Conformance.Support;

/// <summary>A section's cases by name; a theory runs each over both ways.</summary>
public sealed class Cases : Dictionary<string, Case>
{
    public TheoryData<string, Way> OverBothWays()
    {
        var data = new TheoryData<string, Way>();
        foreach (var name in Keys)
        {
            data.Add(name, Way.FastLane);
            data.Add(name, Way.Ordinary);
        }

        return data;
    }
}
