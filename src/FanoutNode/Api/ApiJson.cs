using System.Text.Json.Serialization;

namespace Fanout.Node.Api;

/// <summary>A publish's answer.</summary>
/// <param name="Id">The message's id.</param>
/// <param name="Nodes">At most how many nodes heard it.</param>
internal sealed record PublishAnswer(string Id, long? Offset, string? Epoch, long Nodes);

internal sealed record RoomItem(string Room, long Members);

internal sealed record RoomList(IReadOnlyList<RoomItem> Items, string? Next);

internal sealed record RoomDetails(string Room, long Members, long Users, string? Epoch, long? Offset);

internal sealed record MemberItem(string ClientId, string? UserId, System.Text.Json.JsonElement? Info);

internal sealed record MemberList(IReadOnlyList<MemberItem> Items, string? Next);

/// <param name="Started">RFC 3339.</param>
/// <param name="Backplane"><c>healthy</c> or <c>degraded</c>, by the node's own word.</param>
internal sealed record NodeItem(
    string Id, string Name, string Version, DateTimeOffset Started, long Connections, long Rooms, string Backplane, bool Draining);

/// <param name="Connections">How many were closed.</param>
/// <param name="Complete">Whether every node has answered; one that has not closes its own when it hears of it.</param>
internal sealed record DisconnectAnswer(int Connections, bool Complete);

internal sealed record NodeList(IReadOnlyList<NodeItem> Items);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(PublishAnswer))]
[JsonSerializable(typeof(RoomList))]
[JsonSerializable(typeof(RoomDetails))]
[JsonSerializable(typeof(MemberList))]
[JsonSerializable(typeof(DisconnectAnswer))]
[JsonSerializable(typeof(NodeList))]
internal sealed partial class ApiJson : JsonSerializerContext;
