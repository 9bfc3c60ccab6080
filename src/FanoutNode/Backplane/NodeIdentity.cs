using System.Security.Cryptography;

namespace Fanout.Node.Backplane;

/// <summary>The node's name and its incarnation.</summary>
/// <remarks>
/// Each start is a new incarnation, and so is the return from a lapsed lease: what a dead incarnation left behind is never taken for what a
/// living one holds. The id stands before a slash in membership entries and between colons in keys: a name has neither.
/// </remarks>
internal sealed class NodeIdentity(string name)
{
    private const int MaxNameLength = 64;
    private const int IncarnationLength = 12;

    private volatile string _id = NewId(name);

    public string Name { get; } = name;

    public string Id => _id;

    /// <summary>Takes a new incarnation.</summary>
    public void Renew() => _id = NewId(Name);

    /// <summary>Whether a name can be a node's: letters, digits, dot, dash and underscore.</summary>
    public static bool IsValidName(string name) =>
        name.Length is > 0 and <= MaxNameLength && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '_');

    /// <summary>The name in an id; an id that is none of ours is its own name.</summary>
    public static string NameOf(string id) => id.Length > IncarnationLength + 1 && id[^(IncarnationLength + 1)] == '-' ? id[..^(IncarnationLength + 1)] : id;

    private static string NewId(string name) => $"{name}-{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(IncarnationLength / 2))}";
}
