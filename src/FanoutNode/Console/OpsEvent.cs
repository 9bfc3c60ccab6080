using System.Text.Json.Serialization;

namespace Fanout.Node.Console;

/// <summary>Something that happened to a node and is worth an operator's look; what travels in <c>$ops.events</c>.</summary>
/// <param name="Id">Names the event: it may be told twice.</param>
/// <param name="At">Unix milliseconds, in the node's clock.</param>
/// <param name="Node">The id of the node that tells.</param>
/// <param name="Name">That node's name.</param>
/// <param name="Kind">What happened, for programs; <see cref="OpsEventKind"/>.</param>
/// <param name="Level"><c>good</c>, <c>info</c>, <c>warn</c> or <c>bad</c>.</param>
/// <param name="Text">What happened, for people.</param>
/// <param name="Subject">The id of another node, where it is about one.</param>
internal sealed record OpsEvent(string Id, long At, string Node, string Name, string Kind, string Level, string Text, string? Subject = null);

/// <summary>What kinds of events there are. The page knows them; one that it does not know it shows all the same.</summary>
internal static class OpsEventKind
{
    public const string NodeUp = "node_up";
    public const string NodeDraining = "node_draining";
    public const string NodeLeft = "node_left";
    public const string NodeReaped = "node_reaped";
    public const string ReapFailed = "reap_failed";
    public const string NodeLapsed = "node_lapsed";
    public const string BackplaneHealthy = "backplane_healthy";
    public const string BackplaneDegraded = "backplane_degraded";
    public const string Backplane = "backplane";
    public const string SlowConsumers = "slow_consumers";
    public const string Limit = "limit";
    public const string Dropped = "dropped";
    public const string Reset = "reset";
    public const string Operator = "operator";
    public const string Certificate = "certificate";
    public const string Access = "access";
}

/// <summary>How much an event matters.</summary>
internal static class OpsLevel
{
    public const string Good = "good";
    public const string Info = "info";
    public const string Warn = "warn";
    public const string Bad = "bad";
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(OpsEvent))]
[JsonSerializable(typeof(NodeReport))]
[JsonSerializable(typeof(ConsoleSession))]
internal sealed partial class ConsoleJson : JsonSerializerContext;
