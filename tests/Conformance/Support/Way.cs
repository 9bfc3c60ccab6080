namespace Fanout.Tests.Conformance.Support;

/// <summary>How an upgrade reaches the node.</summary>
public enum Way
{
    /// <summary>As the first request of its connection: taken below HTTP.</summary>
    FastLane,

    /// <summary>As the second request: through ASP.NET.</summary>
    Ordinary,
}
