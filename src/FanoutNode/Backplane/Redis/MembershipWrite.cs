namespace Fanout.Node.Backplane.Redis;

/// <summary>Changes of one room that succeed or fail together.</summary>
internal readonly record struct MembershipWrite(string Room, IReadOnlyList<MembershipChange> Changes, Task Done);
