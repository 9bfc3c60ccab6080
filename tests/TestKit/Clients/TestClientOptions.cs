using System.Net.Security;

namespace Fanout.Tests.TestKit.Clients;

public sealed record TestClientOptions
{
    public const string Json = "fanout.v1.json";
    public const string Msgpack = "fanout.v1.msgpack";

    public string Subprotocol { get; init; } = Json;

    public string? Token { get; init; }

    public TokenPlace TokenIn { get; init; }

    /// <summary>The value of "rooms" in the query, not yet percent-encoded: "a;epoch;offset,b".</summary>
    public string? Rooms { get; init; }

    /// <summary>More of the query, percent-encoded already: "x=1&amp;y=2".</summary>
    public string? Query { get; init; }

    public string Path { get; init; } = "/ws";

    public IReadOnlyDictionary<string, string?> Headers { get; init; } = new Dictionary<string, string?>();

    /// <summary>False plays a peer that is connected and dead.</summary>
    public bool AutoPong { get; init; } = true;

    /// <summary>Small, together with <see cref="TestClient.PauseReading"/>, plays a slow reader.</summary>
    public int? ReceiveBufferBytes { get; init; }

    public SslClientAuthenticationOptions? Tls { get; init; }

    /// <summary>For each thing the client awaits; <see cref="Deadlines.Default"/> when absent.</summary>
    public TimeSpan? Deadline { get; init; }

    /// <summary>Asked when something did not come in time, for example for the node's log.</summary>
    public Func<string>? Context { get; init; }
}
