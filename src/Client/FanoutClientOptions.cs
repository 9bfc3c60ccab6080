using System.Net.WebSockets;
using System.Text.Json;
using Microsoft.Extensions.Logging;

namespace Fanout.Client;

/// <summary>The settings of a <see cref="FanoutClient"/>. They do not change while it lives.</summary>
public sealed record FanoutClientOptions
{
    /// <summary>
    /// Where a node, or a proxy before the nodes, is: <c>wss://push.example.com</c>. <c>http</c> and <c>https</c> will do; without a path,
    /// <c>/ws</c>. This or <see cref="Urls"/> must be set.
    /// </summary>
    public string? Url { get; init; }

    /// <summary>Several addresses, tried in turn. Default: none but <see cref="Url"/>.</summary>
    public IReadOnlyList<string> Urls { get; init; } = [];

    /// <summary>A token that never changes. Better is a <see cref="TokenProvider"/>. Default: none; the client is anonymous.</summary>
    public string? Token { get; init; }

    /// <summary>Asked for a token before each connect and before the token ends. Default: none.</summary>
    public FanoutTokenProvider? TokenProvider { get; init; }

    /// <summary>What is spoken with the node. Default: JSON.</summary>
    public FanoutFormat Format { get; init; } = FanoutFormat.Json;

    /// <summary>
    /// How rooms and requests that are given no type info of their own read and write payloads. For trimmed or ahead-of-time compiled
    /// programs its <see cref="JsonSerializerOptions.TypeInfoResolver"/> is your source-generated context. Default:
    /// <see cref="JsonSerializerDefaults.Web"/>, by reflection where the program allows it.
    /// </summary>
    public JsonSerializerOptions? Json { get; init; }

    /// <summary>Bound of the first random delay before a reconnect; it doubles with each failure. Default 1 s; more than 0.</summary>
    public TimeSpan MinDelay { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Bound that no delay passes. Default 30 s; at least <see cref="MinDelay"/>.</summary>
    public TimeSpan MaxDelay { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>The bound starts over only after a connection has lasted so long. Default 10 s; 0 or more.</summary>
    public TimeSpan MinUptime { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Tries without one that succeeds before the client closes with <c>gave_up</c>. Default: no end; 0 or more.</summary>
    public int MaxAttempts { get; init; } = int.MaxValue;

    /// <summary>
    /// Publishes that may wait for their acknowledgement; beyond it a publish fails with <c>buffer_full</c>, and nothing is dropped in
    /// silence. Default 100; 1 or more.
    /// </summary>
    public int MaxBufferedPublishes { get; init; } = 100;

    /// <summary>A publish that the node refuses for the moment is tried again for so long. Default 60 s; 0 or more.</summary>
    public TimeSpan PublishRetry { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>
    /// How long requests, presence and history wait for their answer, the time without a connection included. Default 5 s; more than 0, or
    /// <see cref="Timeout.InfiniteTimeSpan"/>.
    /// </summary>
    public TimeSpan RequestTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How long one attempt to connect may take, and how long the token provider may. Default 10 s; more than 0.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long a ping may stay without a sign of life before the connection counts as dead. Default 5 s; more than 0.</summary>
    public TimeSpan PongTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// Largest message taken from a node, in bytes: a page of history is one message. A larger one ends the connection. Default 64 MiB;
    /// 1 KiB or more.
    /// </summary>
    public int MaxIncomingMessageBytes { get; init; } = 64 * 1024 * 1024;

    /// <summary>Sets what else a WebSocket takes before each handshake: a proxy, certificates, headers. Default: nothing.</summary>
    public Action<ClientWebSocketOptions>? ConfigureWebSocket { get; init; }

    /// <summary>Where the client logs: category <c>Fanout.Client</c>, never a token or a payload. Default: nowhere.</summary>
    public ILoggerFactory? LoggerFactory { get; init; }

    /// <summary>Where time comes from. Default: the system.</summary>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;
}
