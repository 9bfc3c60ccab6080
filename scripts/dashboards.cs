// The dashboards of deploy/grafana, as a list of panels: title, unit, and what Prometheus is asked. Started by scripts/dashboards.
//
// Rows fill from left to right, 24 columns wide. Legends name labels as Grafana does. In the dashboard of one node `$instance` is the node.

#:property PublishAot=false

using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

const string Rate = "$__rate_interval";

Dashboard[] dashboards =
[
    new("fanout-fleet", "Fanout / fleet", "Is the service well? Read from the top left; each panel's description says what to look at next.")
    {
        Panels =
        [
            new("Nodes up", "none", Kind.Stat, 3) { Queries = [("", "fanout:nodes_up:count")] },
            new("Backplane degraded", "none", Kind.Stat, 3, "Nodes that are cut off from Redis. Not 0: runbook FanoutBackplaneDegraded.") { Queries = [("", "count(fanout_backplane_state == 0) or vector(0)")], Bad = 1 },
            new("Not ready", "none", Kind.Stat, 3, "Nodes that take no clients: draining, or see /healthz/ready of the node.") { Queries = [("", "count(fanout_ready == 0) or vector(0)")], Bad = 1 },
            new("Alerts firing", "none", Kind.Stat, 3) { Queries = [("", """count(ALERTS{alertstate="firing", alertname=~"Fanout.*"}) or vector(0)""")], Bad = 1 },
            new("Connections", "short", Kind.Stat, 3) { Queries = [("", "sum(fanout_connections_active)")] },
            new("Publishes", "cps", Kind.Stat, 3) { Queries = [("", $"sum(rate(fanout_messages_published_total[{Rate}]))")] },
            new("Deliveries", "cps", Kind.Stat, 3) { Queries = [("", $"sum(rate(fanout_messages_delivered_total[{Rate}]))")] },
            new("Delivery p99", "s", Kind.Stat, 3) { Queries = [("", $"histogram_quantile(0.99, sum by (le) (rate(fanout_delivery_duration_seconds_bucket[{Rate}])))")], Bad = 1 },
            new("Connections by node", "short", Kind.Lines, 8, "A step down on one node and up on the others is a deploy. Down everywhere: proxy, network, or tokens.") { Queries = [("{{instance}}", "fanout_connections_active")] },
            new("Connections opened", "cps", Kind.Lines, 8, "A spike is everybody coming back.") { Queries = [("{{instance}}", $"sum by (instance) (rate(fanout_connections_opened_total[{Rate}]))")] },
            new("Connections closed, by reason", "cps", Kind.Stack, 8, "docs/operations.md, Close codes.") { Queries = [("{{reason}}", $"sum by (reason) (rate(fanout_connections_closed_total[{Rate}])) > 0 or sum by (reason) (rate(fanout_connections_closed_total{{reason=\"normal\"}}[{Rate}]))")] },
            new("Rooms by node", "short", Kind.Lines, 8, "Rooms that have members on the node.") { Queries = [("{{instance}}", "fanout_rooms_active")] },
            new("Publishes, by source", "cps", Kind.Stack, 8) { Queries = [("{{source}}", $"sum by (source) (rate(fanout_messages_published_total[{Rate}]))")] },
            new("Publishes, by outcome", "cps", Kind.Stack, 8, "unavailable and unknown: Redis. conflict: a publisher uses one key for two payloads.") { Queries = [("{{outcome}}", $"sum by (outcome) (rate(fanout_publish_duration_seconds_count[{Rate}]))")] },
            new("Delivery, from publish to socket", "s", Kind.Heat, 12, "In Redis's clock; one for each message and lane. A second band above the first: catching up after a gap, or one node that is late.") { Queries = [("{{le}}", $"sum by (le) (increase(fanout_delivery_duration_seconds_bucket[{Rate}]))")] },
            new("Delivery p50, p99", "s", Kind.Lines, 12) { Queries = [("p50", $"histogram_quantile(0.5, sum by (le) (rate(fanout_delivery_duration_seconds_bucket[{Rate}])))"), ("p99", $"histogram_quantile(0.99, sum by (le) (rate(fanout_delivery_duration_seconds_bucket[{Rate}])))"), ("p99 {{instance}}", "fanout:delivery_duration_seconds:p99")] },
            new("Backplane by node", "none", Kind.States, 12, "1 healthy, 0 degraded.") { Queries = [("{{instance}}", "fanout_backplane_state")] },
            new("Messages dropped, by reason", "cps", Kind.Stack, 12, "backlog, stalled: slow readers, who were cut and resume; each counts once, whatever waited for it. superseded: as it should be. lane_full, undecodable: runbook FanoutMessagesDropped.") { Queries = [("{{reason}}", $"sum by (reason) (rate(fanout_messages_dropped_total[{Rate}]))")] },
            new("Versions", "none", Kind.Table, 24, "Two versions side by side are a deploy under way.") { Queries = [("", "fanout_build_info")] },
        ],
    },
    new("fanout-node", "Fanout / one node", "What one node does, and what it has left.")
    {
        HasInstance = true,
        Panels =
        [
            new("Backplane", "none", Kind.Stat, 4, "1 healthy, 0 degraded.") { Queries = [("", """fanout_backplane_state{instance=~"$instance"}""")] },
            new("Ready", "none", Kind.Stat, 4, "1: /healthz/ready says yes.") { Queries = [("", """fanout_ready{instance=~"$instance"}""")] },
            new("Drain phase", "none", Kind.Stat, 4, "0 serving, 1 announced, 2 closing, 3 flushing, 4 leaving, 5 drained.") { Queries = [("", """fanout_drain_phase{instance=~"$instance"}""")] },
            new("Lease age", "s", Kind.Stat, 4, "A saw of Fanout:Lease:Renew (5 s); at Lease:Expire (15 s) the others remove the node's members.") { Queries = [("", """fanout_lease_age_seconds{instance=~"$instance"}""")], Bad = 10 },
            new("Connections", "short", Kind.Stat, 4) { Queries = [("", """fanout_connections_active{instance=~"$instance"}""")] },
            new("Rooms", "short", Kind.Stat, 4) { Queries = [("", """fanout_rooms_active{instance=~"$instance"}""")] },
            new("Delivery p50, p99", "s", Kind.Lines, 8) { Queries = [("p50", $"histogram_quantile(0.5, sum by (le) (rate(fanout_delivery_duration_seconds_bucket{{instance=~\"$instance\"}}[{Rate}])))"), ("p99", $"histogram_quantile(0.99, sum by (le) (rate(fanout_delivery_duration_seconds_bucket{{instance=~\"$instance\"}}[{Rate}])))")] },
            new("Deliveries", "cps", Kind.Lines, 8) { Queries = [("{{instance}}", $"rate(fanout_messages_delivered_total{{instance=~\"$instance\"}}[{Rate}])")] },
            new("Bytes out", "Bps", Kind.Lines, 8) { Queries = [("{{instance}}", $"rate(fanout_outbound_bytes_total{{instance=~\"$instance\"}}[{Rate}])")] },
            new("Lanes' inboxes", "short", Kind.Lines, 8, "Messages that wait for a lane. Up and staying: the node cannot keep up (CPU). At Fanout:Lanes:InboxCapacity rooms without history drop.") { Queries = [("{{instance}} lane {{lane}}", """fanout_lanes_inbox{instance=~"$instance"}""")] },
            new("Backlog of sockets", "bytes", Kind.Lines, 8, "Bytes that sockets have not taken. Much on one node: its network, or a few slow clients.") { Queries = [("{{instance}}", """fanout_backlog_bytes{instance=~"$instance"}""")] },
            new("Members that lag", "short", Kind.Lines, 8, "They read the room's log until they have caught up.") { Queries = [("{{instance}}", """fanout_members_lagging{instance=~"$instance"}""")] },
            new("CPU", "none", Kind.Lines, 8, "Cores in use, against those there are.") { Queries = [("{{instance}} {{cpu_mode}}", $"rate(dotnet_process_cpu_time_seconds_total{{instance=~\"$instance\"}}[{Rate}])"), ("{{instance}} cores", """dotnet_process_cpu_count{instance=~"$instance"}""")] },
            new("Memory", "bytes", Kind.Lines, 8) { Queries = [("{{instance}} working set", """dotnet_process_memory_working_set_bytes{instance=~"$instance"}"""), ("{{instance}} heap {{gc_heap_generation}}", """dotnet_gc_last_collection_heap_size_bytes{instance=~"$instance"}""")] },
            new("Garbage collection, part of the time", "percentunit", Kind.Lines, 8) { Queries = [("{{instance}}", $"rate(dotnet_gc_pause_time_seconds_total{{instance=~\"$instance\"}}[{Rate}])")] },
            new("Thread pool", "short", Kind.Lines, 8, "A queue that grows means that something blocks.") { Queries = [("{{instance}} queue", """dotnet_thread_pool_queue_length_total{instance=~"$instance"}"""), ("{{instance}} threads", """dotnet_thread_pool_thread_count_total{instance=~"$instance"}""")] },
            new("HTTP requests, by status", "reqps", Kind.Stack, 8) { Queries = [("{{http_route}} {{http_response_status_code}}", $"sum by (http_route, http_response_status_code) (rate(http_server_request_duration_seconds_count{{instance=~\"$instance\"}}[{Rate}]))")] },
            new("TCP connections", "short", Kind.Lines, 8, "All that Kestrel holds: sockets, API callers, scrapers.") { Queries = [("{{instance}}", """sum by (instance) (kestrel_active_connections{instance=~"$instance"})""")] },
        ],
    },
    new("fanout-redis", "Fanout / Redis", "Redis as the nodes see it: every node asks it and tells the same.")
    {
        Panels =
        [
            new("Memory used", "bytes", Kind.Stat, 4) { Queries = [("", "max(fanout_redis_memory_used_bytes)")] },
            new("maxmemory", "bytes", Kind.Stat, 4, "0: no limit, and no refusals before the machine is full.") { Queries = [("", "max(fanout_redis_memory_max_bytes)")] },
            new("Evicted keys", "none", Kind.Stat, 4, "Must be 0: runbook FanoutRedisEvicts.") { Queries = [("", "max(fanout_redis_keys_evicted)")], Bad = 1 },
            new("Clients", "short", Kind.Stat, 4, "Two for each node, three with MinReplicas, and whoever else is there.") { Queries = [("", "max(fanout_redis_clients)")] },
            new("Replicas", "none", Kind.Stat, 4) { Queries = [("", "max(fanout_redis_replicas)")] },
            new("Up since", "s", Kind.Stat, 4, "A small value: Redis was restarted, and every room with history began anew.") { Queries = [("", "max(fanout_redis_uptime_seconds)")] },
            new("Memory", "bytes", Kind.Lines, 8, "Runbook FanoutRedisMemory; docs/operations.md, Memory, says what takes how much.") { Queries = [("used", "max(fanout_redis_memory_used_bytes)"), ("maxmemory", "max(fanout_redis_memory_max_bytes)")] },
            new("Fragmentation", "none", Kind.Lines, 8, "Resident over used; says little while Redis is small.") { Queries = [("", "max(fanout_redis_memory_fragmentation)")] },
            new("Commands", "ops", Kind.Lines, 8) { Queries = [("", "max(fanout_redis_commands_per_second)")] },
            new("Publish, by outcome, p99", "s", Kind.Lines, 8, "How long Redis takes for a publish. One thread runs all scripts: if this rises with Commands, Redis is full.") { Queries = [("{{outcome}}", $"histogram_quantile(0.99, sum by (outcome, le) (rate(fanout_publish_duration_seconds_bucket[{Rate}])))")] },
            new("Probe p50, p99", "s", Kind.Lines, 8, "Through Redis and back, every 2 s from each node. The earliest sign of a busy Redis.") { Queries = [("p50", $"histogram_quantile(0.5, sum by (le) (rate(fanout_backplane_probe_duration_seconds_bucket[{Rate}])))"), ("p99", $"histogram_quantile(0.99, sum by (le) (rate(fanout_backplane_probe_duration_seconds_bucket[{Rate}])))")] },
            new("Held back for each node", "bytes", Kind.Lines, 8, "The output buffer of the node's subscription connection: the node reads too slowly. At client-output-buffer-limit Redis cuts it.") { Queries = [("{{instance}}", "fanout_redis_output_buffer_bytes")] },
            new("Channels", "short", Kind.Lines, 12) { Queries = [("in Redis", "max(fanout_redis_channels)"), ("{{instance}} {{state}}", "fanout_backplane_subscriptions")] },
            new("Backplane by node", "none", Kind.States, 12, "1 healthy, 0 degraded.") { Queries = [("{{instance}}", "fanout_backplane_state")] },
        ],
    },
    new("fanout-recovery", "Fanout / recovery and drain", "What happens when something breaks or is deployed, and whether clients got everything.")
    {
        Panels =
        [
            new("Drain by node", "none", Kind.States, 12, "0 serving, 1 announced, 2 closing, 3 flushing, 4 leaving, 5 drained.") { Queries = [("{{instance}}", "fanout_drain_phase")] },
            new("Time in the drain", "s", Kind.Lines, 6, "Ends below Fanout:Drain:Deadline.") { Queries = [("{{instance}}", "fanout_drain_elapsed_seconds")] },
            new("Connections by node", "short", Kind.Lines, 6) { Queries = [("{{instance}}", "fanout_connections_active")] },
            new("Clients that came back, by outcome", "cps", Kind.Stack, 8, "not_recovered: histories are too short for how long clients are away, or a new epoch began.") { Queries = [("{{outcome}}", $"sum by (outcome) (rate(fanout_recoveries_total[{Rate}]))")] },
            new("Gaps, by outcome", "short", Kind.Stack, 8, "filled: noticed and closed, nobody lost anything. lost, new_epoch: members were told to reload.") { Queries = [("{{outcome}}", $"sum by (outcome) (increase(fanout_backplane_gaps_total[{Rate}]))")] },
            new("Members that lag", "short", Kind.Lines, 8) { Queries = [("{{instance}}", "fanout_members_lagging")] },
            new("Connections opened and drained", "cps", Kind.Lines, 8) { Queries = [("opened", $"sum(rate(fanout_connections_opened_total[{Rate}]))"), ("closed by a drain", $"sum(rate(fanout_connections_closed_total{{reason=\"drain\"}}[{Rate}]))"), ("lost", $"sum(rate(fanout_connections_closed_total{{reason=\"lost\"}}[{Rate}]))")] },
            new("Dead nodes removed", "short", Kind.Lines, 8, "Each is a node that died without leaving.") { Queries = [("by {{instance}}", $"increase(fanout_leases_reaped_total[{Rate}])")] },
            new("Lease age", "s", Kind.Lines, 8, "A saw of Fanout:Lease:Renew (5 s). At its end the node's members are removed.") { Queries = [("{{instance}}", "fanout_lease_age_seconds"), ("its end", "max(fanout_lease_expire_seconds)")] },
            new("Backplane by node", "none", Kind.States, 12, "1 healthy, 0 degraded.") { Queries = [("{{instance}}", "fanout_backplane_state")] },
            new("Subscriptions that are missing", "short", Kind.Lines, 12, "Wanted, and not confirmed by Redis.") { Queries = [("{{instance}}", """fanout_backplane_subscriptions{state="wanted"} - ignoring (state) fanout_backplane_subscriptions{state="confirmed"}""")] },
        ],
    },
    new("fanout-limits", "Fanout / limits and abuse", "Who is refused what, and how near the nodes are to their own limits.")
    {
        Panels =
        [
            new("Refusals, by limit", "cps", Kind.Stack, 12, "docs/operations.md, Limits, says what each means. connection_rate after a deploy is a storm that is being spread.") { Queries = [("{{limit}}", $"sum by (limit) (rate(fanout_limited_total[{Rate}]))")] },
            new("Refusals by node", "cps", Kind.Lines, 12, "One node alone: one client, or one address.") { Queries = [("{{instance}}", $"sum by (instance) (rate(fanout_limited_total[{Rate}]))")] },
            new("Connections, part of the limit", "percentunit", Kind.Lines, 8, "Only where Fanout:Limits:MaxConnections is set.") { Queries = [("{{instance}}", """fanout_connections_active / on (job, instance) fanout_limits_configured{limit="connections"}""")] },
            new("Rooms, part of the limit", "percentunit", Kind.Lines, 8, "Only where Fanout:Limits:MaxRooms is set.") { Queries = [("{{instance}}", """fanout_rooms_active / on (job, instance) fanout_limits_configured{limit="rooms"}""")] },
            new("Redis memory, part of maxmemory", "percentunit", Kind.Lines, 8, "Only where maxmemory is set.") { Queries = [("", "max(fanout_redis_memory_used_bytes / (fanout_redis_memory_max_bytes > 0))")] },
            new("Closed for abuse", "cps", Kind.Stack, 8, "Broken clients, or somebody who tries things.") { Queries = [("{{reason}}", $"sum by (reason) (rate(fanout_connections_closed_total{{reason=~\"rate_limit|protocol_.*|unsupported_data|invalid_payload|too_large\"}}[{Rate}]))")] },
            new("Closed for slowness or silence", "cps", Kind.Stack, 8) { Queries = [("{{reason}}", $"sum by (reason) (rate(fanout_connections_closed_total{{reason=~\"slow_consumer|heartbeat|token_expired\"}}[{Rate}]))")] },
            new("Messages dropped for slow readers", "cps", Kind.Stack, 8, "backlog, stalled: one for each reader that was cut. superseded: one for each message.") { Queries = [("{{reason}}", $"sum by (reason) (rate(fanout_messages_dropped_total{{reason=~\"backlog|stalled|superseded\"}}[{Rate}]))")] },
            new("Connects, part of the limit", "percentunit", Kind.Lines, 24, "Only where Fanout:Limits:ConnectionsPerSecond is set. 1 for a while is a storm of reconnects that is being spread.") { Queries = [("{{instance}}", $"rate(fanout_connections_opened_total[{Rate}]) / on (job, instance) fanout_limits_configured{{limit=\"connection_rate\"}}")] },
            new("HTTP refusals", "reqps", Kind.Stack, 12, "401, 403: keys. 413: bodies. 503, 504: Redis. Handshakes that the fast lane refuses are not among them; they are in Refusals.") { Queries = [("{{http_route}} {{http_response_status_code}}", $"sum by (http_route, http_response_status_code) (rate(http_server_request_duration_seconds_count{{http_response_status_code=~\"4..|5..\"}}[{Rate}]))")] },
            new("Bytes out by node", "Bps", Kind.Lines, 12) { Queries = [("{{instance}}", $"rate(fanout_outbound_bytes_total[{Rate}])")] },
        ],
    },
    new("fanout-backends", "Fanout / back ends", "Your own services: do they answer clients' requests, and do they take webhooks?")
    {
        Panels =
        [
            new("Circuits open", "none", Kind.Stat, 4, "Methods that are refused on some node, since their back end fails: runbook FanoutCircuitOpen.") { Queries = [("", "sum(fanout_rpc_circuits_open)")], Bad = 1 },
            new("Requests that fail", "percentunit", Kind.Stat, 4, "Runbook FanoutBackEndFails.") { Queries = [("", $"sum(rate(fanout_rpc_requests_total{{outcome=~\"failed|timeout|too_large|open\"}}[{Rate}])) / (sum(rate(fanout_rpc_requests_total[{Rate}])) > 0)")], Bad = 0.05 },
            new("Requests under way", "short", Kind.Stat, 4) { Queries = [("", "sum(fanout_rpc_active)")] },
            new("Events that wait", "short", Kind.Stat, 4, "For the receiver that is furthest behind.") { Queries = [("", "max(fanout_webhooks_pending)")] },
            new("Dead letters, last hour", "none", Kind.Stat, 4, "Events that were given up: runbook FanoutWebhooksDead.") { Queries = [("", "sum(increase(fanout_webhooks_dead_total[1h]))")], Bad = 1 },
            new("Events lost, last hour", "none", Kind.Stat, 4, "Runbook FanoutWebhooksLost.") { Queries = [("", "sum(increase(fanout_webhooks_lost_total[1h]))")], Bad = 1 },
            new("Requests, by method", "reqps", Kind.Stack, 8) { Queries = [("{{method}}", $"sum by (method) (rate(fanout_rpc_requests_total[{Rate}]))")] },
            new("Requests, by outcome", "reqps", Kind.Stack, 8, "refused: on purpose, 4xx. full, open: not sent.") { Queries = [("{{outcome}}", $"sum by (outcome) (rate(fanout_rpc_requests_total[{Rate}]))")] },
            new("Requests that fail, by method", "percentunit", Kind.Lines, 8, "Runbook FanoutBackEndFails.") { Queries = [("{{method}}", $"sum by (method) (rate(fanout_rpc_requests_total{{outcome=~\"failed|timeout|too_large|open\"}}[{Rate}])) / (sum by (method) (rate(fanout_rpc_requests_total[{Rate}])) > 0)")] },
            new("Circuits, by method and node", "none", Kind.States, 12, "1: refused.") { Queries = [("{{method}} {{instance}}", "fanout_rpc_circuits_open")] },
            new("Answer p50, p99", "s", Kind.Lines, 6, "From the client's message to its answer.") { Queries = [("p50", $"histogram_quantile(0.5, sum by (le) (rate(fanout_rpc_duration_seconds_bucket[{Rate}])))"), ("p99", $"histogram_quantile(0.99, sum by (le) (rate(fanout_rpc_duration_seconds_bucket[{Rate}])))")] },
            new("Refused by a limit", "reqps", Kind.Stack, 6, "requests_per_method: MaxConcurrent, a back end that is slow. requests_per_connection: one client.") { Queries = [("{{limit}}", $"sum by (limit) (rate(fanout_limited_total{{limit=~\"requests_.*\"}}[{Rate}]))")] },
            new("Events that wait, by receiver", "short", Kind.Lines, 8, "Up and staying: see the two panels beside. At WebhookQueue:MaxEvents the oldest are lost.") { Queries = [("{{endpoint}}", "max by (endpoint) (fanout_webhooks_pending)")] },
            new("Receiver fails since", "s", Kind.Lines, 8, "Runbook FanoutWebhooksFailing. 0 while events wait: FanoutWebhooksStuck.") { Queries = [("{{endpoint}}", "max by (endpoint) (fanout_webhooks_failing_seconds)")] },
            new("Events queued and taken", "cps", Kind.Lines, 8, "Queued once for the fleet, taken once by each receiver that wants it.") { Queries = [("queued", $"sum(rate(fanout_webhooks_queued_total[{Rate}]))"), ("taken by {{endpoint}}", $"sum by (endpoint) (rate(fanout_webhooks_delivered_total[{Rate}]))")] },
            new("Requests to receivers that failed", "reqps", Kind.Stack, 8, "They are tried again.") { Queries = [("{{endpoint}}", $"sum by (endpoint) (rate(fanout_webhooks_failed_total[{Rate}]))")] },
            new("Dead and lost", "short", Kind.Lines, 8) { Queries = [("dead, {{endpoint}}", $"sum by (endpoint) (increase(fanout_webhooks_dead_total[{Rate}]))"), ("lost, {{endpoint}}", $"sum by (endpoint) (increase(fanout_webhooks_lost_total[{Rate}]))")] },
            new("Requests to receivers, p99", "s", Kind.Lines, 8) { Queries = [("{{endpoint}}", $"histogram_quantile(0.99, sum by (endpoint, le) (rate(fanout_webhooks_duration_seconds_bucket[{Rate}])))")] },
        ],
    },
];

var folder = args[0];
var differs = false;
foreach (var dashboard in dashboards)
{
    var file = Path.Combine(folder, dashboard.Uid + ".json");
    var text = dashboard.ToJson();
    if (!args.Contains("--check"))
    {
        File.WriteAllText(file, text);
    }
    else if (!File.Exists(file) || File.ReadAllText(file) != text)
    {
        Console.Error.WriteLine($"{file} is not what scripts/dashboards.cs says: run scripts/dashboards.");
        differs = true;
    }
}

return differs ? 1 : 0;

internal enum Kind
{
    Stat,
    Lines,
    Stack,
    Heat,
    States,
    Table,
}

/// <param name="Width">Of 24 columns.</param>
/// <param name="Description">What to make of it.</param>
internal sealed record Panel(string Title, string Unit, Kind Kind, int Width, string Description = "")
{
    public (string Legend, string Expression)[] Queries { get; init; } = [];

    /// <summary>Red from here on.</summary>
    public double? Bad { get; init; }

    private int Height => Kind switch { Kind.Stat => 4, Kind.Table => 6, _ => 8 };

    public JsonObject ToJson(int id, ref int x, ref int y, ref int rowHeight)
    {
        if (x + Width > 24)
            (x, y, rowHeight) = (0, y + rowHeight, 0);
        var panel = new JsonObject
        {
            ["id"] = id,
            ["type"] = Kind switch { Kind.Stat => "stat", Kind.Heat => "heatmap", Kind.States => "state-timeline", Kind.Table => "table", _ => "timeseries" },
            ["title"] = Title,
            ["description"] = Description,
            ["datasource"] = Dashboard.Source(),
            ["gridPos"] = new JsonObject { ["h"] = Height, ["w"] = Width, ["x"] = x, ["y"] = y },
            ["fieldConfig"] = new JsonObject { ["defaults"] = Defaults(), ["overrides"] = new JsonArray() },
            ["options"] = Options(),
            ["targets"] = new JsonArray([.. Queries.Select(Target)]),
        };
        x += Width;
        rowHeight = Math.Max(rowHeight, Height);
        return panel;
    }

    private JsonNode Target((string Legend, string Expression) query, int index) => new JsonObject
    {
        ["refId"] = ((char)('A' + index)).ToString(),
        ["datasource"] = Dashboard.Source(),
        ["expr"] = query.Expression,
        ["legendFormat"] = query.Legend.Length == 0 ? "__auto" : query.Legend,
        ["range"] = Kind != Kind.Table,
        ["instant"] = Kind == Kind.Table,
        ["format"] = Kind switch { Kind.Heat => "heatmap", Kind.Table => "table", _ => "time_series" },
    };

    private JsonObject Defaults()
    {
        var defaults = new JsonObject { ["unit"] = Unit };
        if (Kind is Kind.Lines or Kind.Stack)
        {
            defaults["min"] = 0;
            defaults["custom"] = new JsonObject
            {
                ["lineWidth"] = 1,
                ["fillOpacity"] = Kind == Kind.Stack ? 30 : 5,
                ["stacking"] = new JsonObject { ["mode"] = Kind == Kind.Stack ? "normal" : "none" },
                ["showPoints"] = "never",
            };
        }

        if (Bad is { } bad)
            defaults["thresholds"] = Thresholds(("green", null), ("red", bad));
        else if (Kind == Kind.States && Title.StartsWith("Backplane", StringComparison.Ordinal))
            defaults["thresholds"] = Thresholds(("red", null), ("green", 1));
        return defaults;
    }

    private JsonObject Options() => Kind switch
    {
        Kind.Stat => new JsonObject { ["reduceOptions"] = new JsonObject { ["calcs"] = new JsonArray("lastNotNull") }, ["colorMode"] = "value" },
        Kind.Heat => new JsonObject { ["calculate"] = false, ["yAxis"] = new JsonObject { ["unit"] = Unit }, ["color"] = new JsonObject { ["scheme"] = "Oranges", ["mode"] = "scheme" } },
        Kind.States => new JsonObject { ["showValue"] = "never", ["mergeValues"] = true },
        Kind.Table => [],
        _ => new JsonObject { ["legend"] = new JsonObject { ["displayMode"] = "list", ["placement"] = "bottom" }, ["tooltip"] = new JsonObject { ["mode"] = "multi", ["sort"] = "desc" } },
    };

    private static JsonObject Thresholds(params (string Color, double? From)[] steps) => new()
    {
        ["mode"] = "absolute",
        ["steps"] = new JsonArray([.. steps.Select(step => (JsonNode)new JsonObject { ["color"] = step.Color, ["value"] = step.From })]),
    };
}

internal sealed record Dashboard(string Uid, string Title, string Description)
{
    private static readonly JsonSerializerOptions Written = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, NewLine = "\n" };

    /// <summary>Whether its panels are about one node, which the viewer chooses.</summary>
    public bool HasInstance { get; init; }

    public Panel[] Panels { get; init; } = [];

    // As deploy/grafana/provisioning names it.
    public static JsonObject Source() => new() { ["type"] = "prometheus", ["uid"] = "fanout-prometheus" };

    public string ToJson()
    {
        var (x, y, rowHeight, id) = (0, 0, 0, 0);
        var panels = new JsonArray();
        foreach (var panel in Panels)
            panels.Add(panel.ToJson(++id, ref x, ref y, ref rowHeight));
        var variables = new JsonArray();
        if (HasInstance)
        {
            variables.Add(new JsonObject
            {
                ["name"] = "instance",
                ["label"] = "Node",
                ["type"] = "query",
                ["datasource"] = Source(),
                ["query"] = new JsonObject { ["query"] = "label_values(fanout_build_info, instance)", ["refId"] = "A" },
                ["refresh"] = 2,
                ["includeAll"] = false,
                ["multi"] = false,
                ["sort"] = 1,
            });
        }

        var json = new JsonObject
        {
            ["uid"] = Uid,
            ["title"] = Title,
            ["description"] = Description,
            ["tags"] = new JsonArray("fanout"),
            ["schemaVersion"] = 39,
            ["version"] = 1,
            ["editable"] = false,
            ["graphTooltip"] = 1,
            ["refresh"] = "10s",
            ["timezone"] = "browser",
            ["time"] = new JsonObject { ["from"] = "now-30m", ["to"] = "now" },
            ["links"] = new JsonArray(new JsonObject { ["type"] = "dashboards", ["title"] = "Fanout", ["tags"] = new JsonArray("fanout"), ["keepTime"] = true, ["asDropdown"] = false }),
            ["annotations"] = new JsonObject
            {
                ["list"] = new JsonArray(new JsonObject
                {
                    ["name"] = "Alerts", ["enable"] = true, ["iconColor"] = "red", ["datasource"] = Source(), ["expr"] = """ALERTS{alertstate="firing", alertname=~"Fanout.*"}""", ["titleFormat"] = "{{alertname}} {{instance}}",
                }),
            },
            ["templating"] = new JsonObject { ["list"] = variables },
            ["panels"] = panels,
        };
        return json.ToJsonString(Written) + "\n";
    }
}
