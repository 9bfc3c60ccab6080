using Fanout.Shared.Rooms;

namespace Fanout.Node.Auth;

/// <summary>What a principal may do, as room patterns (claim <c>fanout</c> of a token).</summary>
internal sealed record Grants(IReadOnlyList<string> Join, IReadOnlyList<string> Publish, IReadOnlyList<string> Presence)
{
    /// <summary>Methods that may be requested, where a method asks for a grant.</summary>
    public IReadOnlyList<string> Request { get; init; } = [];

    /// <summary>Nothing at all.</summary>
    public static readonly Grants None = new([], [], []);

    /// <summary>Every room that is not the service's own: what an anonymous client gets where anonymous access is allowed.</summary>
    public static readonly Grants Everything = new(["*"], ["*"], ["*"]);

    public static bool Allows(IReadOnlyList<string> patterns, string room)
    {
        for (var i = 0; i < patterns.Count; i++)
        {
            if (RoomPattern.IsMatch(patterns[i], room))
                return true;
        }

        return false;
    }
}
