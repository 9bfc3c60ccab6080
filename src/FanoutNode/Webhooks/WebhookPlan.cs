using System.Security.Cryptography;
using System.Text;
using Fanout.Shared.Rooms;

namespace Fanout.Node.Webhooks;

/// <summary>Who wants to be told what; what nobody wants costs nothing.</summary>
internal sealed class WebhookPlan(IReadOnlyList<WebhookOptions> options, WebhookQueueOptions queue)
{
    public static readonly WebhookPlan None = new([], new WebhookQueueOptions());

    public IReadOnlyList<WebhookEndpoint> Endpoints { get; } = [.. options.Select(endpoint => new WebhookEndpoint(endpoint))];

    public WebhookQueueOptions Queue { get; } = queue;

    public bool IsOn => Endpoints.Count > 0;

    /// <summary>Whether anybody wants to know when this room gets its first member or loses its last one.</summary>
    public bool WantsOccupancy(string room) =>
        Wants(WebhookEvents.OfOccupancy(room, isOccupied: true), room) || Wants(WebhookEvents.OfOccupancy(room, isOccupied: false), room);

    /// <summary>Whether anybody wants to know who comes and goes in this room, where it has presence.</summary>
    public bool WantsMembers(string room) => Wants(WebhookEvents.MemberJoined, room) || Wants(WebhookEvents.MemberLeft, room);

    public bool Wants(string type, string room)
    {
        foreach (var endpoint in Endpoints)
        {
            if (endpoint.Wants(type, room))
                return true;
        }

        return false;
    }

    /// <summary>How long a room must be empty before that is told.</summary>
    public TimeSpan DelayOf(string room) => RoomName.IsUserRoom(room) ? Queue.OfflineDelay : Queue.VacatedDelay;
}

/// <summary>One receiver.</summary>
internal sealed class WebhookEndpoint(WebhookOptions options)
{
    // Beyond the time that a request may take: a little for everything around it.
    private static readonly TimeSpan LeaseMargin = TimeSpan.FromSeconds(5);

    private readonly HashSet<string> _events = [.. options.Events];

    public WebhookOptions Options { get; } = options;

    public string Name { get; } = NameOf(options);

    /// <summary>So long does a node that sends to it keep the others from it.</summary>
    public TimeSpan LeaseFor => Options.Timeout + LeaseMargin;

    public bool Wants(string type, string room) => _events.Contains(type) && (RoomName.IsServiceRoom(room)
        ? type is WebhookEvents.UserOnline or WebhookEvents.UserOffline
        : type is not (WebhookEvents.UserOnline or WebhookEvents.UserOffline) && RoomPattern.IsMatch(Options.Rooms, room));

    /// <summary>An event that is replayed goes to the receiver that it was dead for.</summary>
    public bool Wants(QueuedEvent item) => item.Target is null ? Wants(item.Type, item.Room) : item.Target == Name;

    public static string NameOf(WebhookOptions options) =>
        options.Name ?? "url-" + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(options.Url)))[..12];
}
