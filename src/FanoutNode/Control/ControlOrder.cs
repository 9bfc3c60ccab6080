using System.Text.Json;
using System.Text.Json.Serialization;

namespace Fanout.Node.Control;

/// <summary>What travels on the control channel, as JSON. A node ignores types that it does not know: they are of a newer version.</summary>
/// <param name="Type">One of the names below.</param>
/// <param name="Id">Of the order; its answers repeat it.</param>
/// <param name="User">Whose connections, or whose revocation.</param>
/// <param name="Connection">Which connection.</param>
/// <param name="Closed">In an answer: how many connections the node has closed.</param>
/// <param name="Found">In an answer: the connection that was looked for, from the node that has it.</param>
internal sealed record ControlOrder(string Type, string Id, string? User = null, string? Connection = null, int? Closed = null, FoundConnection? Found = null)
{
    /// <summary>Close with 4503; answered with <see cref="Done"/> by every node.</summary>
    public const string Disconnect = "disconnect";

    /// <summary>Read the list of revocations again, then as <see cref="Disconnect"/>.</summary>
    public const string Revoke = "revoke";

    /// <summary>Read the list of revocations again.</summary>
    public const string Lift = "lift";

    /// <summary>Whose is this connection, and where is it: answered with <see cref="Done"/> by every node.</summary>
    public const string Find = "find";

    /// <summary>An operator watches: report to <c>$ops</c> for a while. Nobody answers.</summary>
    public const string Watch = "watch";

    public const string Done = "done";

    public byte[] ToBytes() => JsonSerializer.SerializeToUtf8Bytes(this, ControlJson.Default.ControlOrder);

    /// <summary>Null where it cannot be read.</summary>
    public static ControlOrder? Read(ReadOnlySpan<byte> bytes)
    {
        try
        {
            return JsonSerializer.Deserialize(bytes, ControlJson.Default.ControlOrder) is { Type: not null, Id: not null } order ? order : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}

/// <summary>A connection as its own node knows it.</summary>
/// <param name="Node">The node's name.</param>
/// <param name="Rooms">The first of its rooms, by name; the operators' own are left out.</param>
/// <param name="RoomCount">How many there are.</param>
internal sealed record FoundConnection(string ClientId, string Node, string? UserId, DateTimeOffset Since, IReadOnlyList<string> Rooms, int RoomCount);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(ControlOrder))]
internal sealed partial class ControlJson : JsonSerializerContext;
