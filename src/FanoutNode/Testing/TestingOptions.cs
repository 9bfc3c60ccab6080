namespace Fanout.Node.Testing;

/// <summary>Settings under <c>Fanout:Testing</c>: for test runs only, all off by default.</summary>
internal sealed class TestingOptions
{
    /// <summary>Serves <c>/echo</c>, which gives every message back: for conformance suites. Without it the path is not found.</summary>
    public bool Echo { get; set; }

    /// <summary>Largest message of <c>/echo</c> in bytes. A little over the 16 MiB that the common suites send.</summary>
    public int EchoMaxMessageBytes { get; set; } = (16 * 1024 * 1024) + 1024;
}
