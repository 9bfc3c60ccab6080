namespace Fanout.Tests.Chaos.Recordings;

/// <summary>A <c>drain</c> that a subscriber got.</summary>
public sealed record DrainNotice(string Node, long ReconnectAfterMs);
