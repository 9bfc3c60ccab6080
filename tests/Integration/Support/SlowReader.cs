using System.Text.RegularExpressions;
using Xunit;

namespace Fanout.Tests.Integration.Support;

/// <summary>A member of a room that does not read.</summary>
internal static partial class SlowReader
{
    // More than fits into a node's backlog and the kernel's buffers of both sides together, many times over.
    private const int MostMessages = 1_000;

    /// <summary>
    /// Fills the room until its member that does not read is cut, and no longer: a cut peer has 5 s to read up to its close frame, and publishes that go
    /// on meanwhile take that time on a slow machine.
    /// </summary>
    /// <param name="node">No other member of it may be cut before.</param>
    public static async Task FillUntilItIsCutAsync(RunningNode node, Neighbour neighbour)
    {
        var text = new string('x', 64 * 1024);
        for (var i = 0; i < MostMessages; i++)
        {
            await neighbour.PublishAsync(text);
            if (Cut().IsMatch((await node.Api.GetAsync("/metrics")).Text))
                return;
        }

        Assert.Fail($"{MostMessages} messages of 64 KB, and nobody was cut.");
    }

    [GeneratedRegex("""fanout_messages_dropped_total\{[^}]*reason="backlog"[^}]*\} [1-9]""")]
    private static partial Regex Cut();
}
