namespace Fanout.Tests.Chaos.Recordings;

/// <summary>Redis was restarted: its identity changed, and perhaps its data is gone. Each room may begin one new epoch.</summary>
public sealed record Outage(TimeSpan From, TimeSpan To, bool Wiped);
