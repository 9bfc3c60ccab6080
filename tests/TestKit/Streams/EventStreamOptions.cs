using System.Net.Security;

namespace Fanout.Tests.TestKit.Streams;

/// <summary>How a stream is asked for.</summary>
public sealed record EventStreamOptions
{
    /// <summary>The value of "rooms" in the query, not yet percent-encoded: "a;epoch;offset,b".</summary>
    public string? Rooms { get; init; }

    /// <summary>More of the query, percent-encoded already: "x=1&amp;y=2".</summary>
    public string? Query { get; init; }

    /// <summary>Goes into Authorization.</summary>
    public string? Token { get; init; }

    /// <summary>Goes into Last-Event-ID.</summary>
    public string? LastEventId { get; init; }

    public IReadOnlyDictionary<string, string> Headers { get; init; } = new Dictionary<string, string>();

    /// <summary>HTTP/1.1 unless it says 2.0.</summary>
    public Version Version { get; init; } = new(1, 1);

    /// <summary>Small, together with <see cref="EventStream.PauseReading"/>, plays a slow reader.</summary>
    public int? ReceiveBufferBytes { get; init; }

    /// <summary>Begin without reading a byte of the stream.</summary>
    public bool Paused { get; init; }

    public SslClientAuthenticationOptions? Tls { get; init; }

    /// <summary>Asked when something did not come in time, for example for the node's log.</summary>
    public Func<string>? Context { get; init; }
}
