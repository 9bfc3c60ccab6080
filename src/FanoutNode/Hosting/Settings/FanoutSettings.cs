using Fanout.Node.Api;
using Fanout.Node.Auth;
using Fanout.Node.Backplane;
using Fanout.Node.Backplane.Redis;
using Fanout.Node.Compression;
using Fanout.Node.Connections;
using Fanout.Node.Connections.Handshake;
using Fanout.Node.Diagnostics;
using Fanout.Node.Drain;
using Fanout.Node.Hosting.Tls;
using Fanout.Node.Lanes;
using Fanout.Node.Limits;
using Fanout.Node.Presence;
using Fanout.Node.Rooms;
using Fanout.Node.Rpc;
using Fanout.Node.Sse;
using Fanout.Node.Testing;
using Fanout.Node.Webhooks;

namespace Fanout.Node.Hosting.Settings;

/// <summary>Everything under <c>Fanout</c> in the configuration; one class for each feature, kept in the feature's folder.</summary>
internal sealed class FanoutSettings
{
    public NodeOptions Node { get; set; } = new();

    public RedisOptions Redis { get; set; } = new();

    public LimitsOptions Limits { get; set; } = new();

    public LaneOptions Lanes { get; set; } = new();

    public HeartbeatOptions Heartbeat { get; set; } = new();

    public LeaseOptions Lease { get; set; } = new();

    public HealthOptions Health { get; set; } = new();

    public PresenceOptions Presence { get; set; } = new();

    public UserOptions Users { get; set; } = new();

    public DrainOptions Drain { get; set; } = new();

    public List<RoomOptions> Rooms { get; set; } = [];

    public AuthOptions Auth { get; set; } = new();

    public ApiOptions Api { get; set; } = new();

    public AdminOptions Admin { get; set; } = new();

    public TlsOptions Tls { get; set; } = new();

    public ProxyOptions Proxies { get; set; } = new();

    public CompressionOptions Compression { get; set; } = new();

    public SseOptions Sse { get; set; } = new();

    public TestingOptions Testing { get; set; } = new();

    public TelemetryOptions Telemetry { get; set; } = new();

    public RpcOptions Rpc { get; set; } = new();

    public List<WebhookOptions> Webhooks { get; set; } = [];

    public WebhookQueueOptions WebhookQueue { get; set; } = new();
}

/// <summary>Settings under <c>Fanout:Node</c>.</summary>
internal sealed class NodeOptions
{
    /// <summary>The node's name, for people; the machine's name by default. Letters, digits, dot, dash, underscore.</summary>
    public string? Name { get; set; }
}
