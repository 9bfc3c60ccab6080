using System.Text.Json.Serialization;

namespace Fanout.Node.Api;

internal sealed record RoomItem(string Room, long Members);

internal sealed record RoomList(IReadOnlyList<RoomItem> Items, string? Next);

internal sealed record RoomDetails(string Room, long Members, long Users, string? Epoch, long? Offset);

internal sealed record MemberItem(string ClientId, string? UserId, System.Text.Json.JsonElement? Info);

internal sealed record MemberList(IReadOnlyList<MemberItem> Items, string? Next);

/// <param name="Node">The node's name, as the connection was told by <c>connected</c>.</param>
/// <param name="Since">RFC 3339; absent where its node's notes are gone.</param>
internal sealed record ConnectionItem(string ClientId, string Node, DateTimeOffset? Since);

/// <param name="Node">The node's name.</param>
/// <param name="UserId">Absent for an anonymous client.</param>
/// <param name="Rooms">The first hundred, by name; absent, as is their number, where its node did not answer in time.</param>
internal sealed record ConnectionDetails(string ClientId, string Node, string? UserId, DateTimeOffset? Since, IReadOnlyList<string>? Rooms, int? RoomCount);

/// <param name="Connections">The first thousand.</param>
/// <param name="LastSeen">When the last connection went; absent while one is there, and for users that are not remembered.</param>
internal sealed record UserDetails(string User, bool Online, IReadOnlyList<ConnectionItem> Connections, DateTimeOffset? LastSeen);

/// <param name="Started">RFC 3339.</param>
/// <param name="Backplane"><c>healthy</c> or <c>degraded</c>, by the node's own word.</param>
internal sealed record NodeItem(
    string Id, string Name, string Version, DateTimeOffset Started, long Connections, long Rooms, string Backplane, bool Draining);

/// <param name="Connections">How many were closed.</param>
/// <param name="Complete">Whether every node has answered; one that has not closes its own when it hears of it.</param>
internal sealed record DisconnectAnswer(int Connections, bool Complete);

internal sealed record NodeList(IReadOnlyList<NodeItem> Items);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(RoomList))]
[JsonSerializable(typeof(RoomDetails))]
[JsonSerializable(typeof(MemberList))]
[JsonSerializable(typeof(UserDetails))]
[JsonSerializable(typeof(ConnectionDetails))]
[JsonSerializable(typeof(DisconnectAnswer))]
[JsonSerializable(typeof(NodeList))]
internal sealed partial class ApiJson : JsonSerializerContext;
