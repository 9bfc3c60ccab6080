using System.Text.Json;
using System.Text.Json.Serialization;

namespace Fanout.Node.Api;

/// <summary>A receiver.</summary>
/// <param name="Url">Without its query.</param>
/// <param name="Pending">At most so many events wait for it.</param>
/// <param name="Lost">At most so many were lost for it.</param>
/// <param name="Attempts">How often the events in front have failed.</param>
/// <param name="FailingSince">Absent while it works.</param>
internal sealed record WebhookItem(
    string Name,
    string Url,
    IReadOnlyList<string> Events,
    string Rooms,
    long Pending,
    int Attempts,
    DateTimeOffset? FailingSince,
    string? LastError,
    DateTimeOffset? LastErrorAt,
    long Sent,
    long Dead,
    long Lost);

internal sealed record WebhookList(IReadOnlyList<WebhookItem> Items);

internal sealed record DeadLetterItem(string Id, string Endpoint, int Attempts, string Error, DateTimeOffset At, JsonElement Event);

internal sealed record DeadLetterList(IReadOnlyList<DeadLetterItem> Items, string? Next);

/// <param name="More">True: the queue had no room for all; absent otherwise.</param>
internal sealed record ReplayAnswer(long Replayed, bool? More);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(WebhookList))]
[JsonSerializable(typeof(DeadLetterList))]
[JsonSerializable(typeof(ReplayAnswer))]
internal sealed partial class WebhookJson : JsonSerializerContext;
