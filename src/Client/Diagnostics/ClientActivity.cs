using System.Diagnostics;
using Fanout.Client.Rooms;
using Fanout.Client.Serialization;

namespace Fanout.Client.Diagnostics;

/// <summary>
/// The ActivitySource <c>Fanout.Client</c>. What is sent carries the context of its span, or of the caller's where nobody listens to ours,
/// so that the node's spans continue the trace.
/// </summary>
internal static class ClientActivity
{
    public const string Name = "Fanout.Client";

    private static readonly ActivitySource Source = new(Name);
    private static readonly FanoutPublishOptions DefaultOptions = new();

    /// <summary>The W3C context of the present span; null where there is none.</summary>
    public static string? Current => Activity.Current is { IdFormat: ActivityIdFormat.W3C } activity ? activity.Id : null;

    public static Task<FanoutPublished> PublishAsync<T>(
        IRoomHost host, string room, IFanoutSerializer<T> serializer, T payload, FanoutPublishOptions? options, CancellationToken cancellation)
    {
        try
        {
            // Now, so that it goes out as it is at the call; and not in a turn, since it is the caller's code.
            var bytes = serializer.ToPayload(payload, host.Settings.Options.Format).In(host.Settings.Options.Format);
            return Source.HasListeners()
                ? TracedAsync(host, room, bytes, options ?? DefaultOptions, cancellation)
                : Publish(host, room, bytes, options ?? DefaultOptions, cancellation);
        }
        catch (FanoutException e)
        {
            return Task.FromException<FanoutPublished>(e);
        }
    }

    /// <summary>The span of one request; the caller ends it.</summary>
    public static Activity? StartRequest(string method) =>
        Source.StartActivity("fanout.request", ActivityKind.Client)?.SetTag("rpc.system", "fanout").SetTag("rpc.method", method);

    public static void Failed(Activity? activity, Exception error) =>
        activity?.SetStatus(ActivityStatusCode.Error, error.Message).SetTag("error.type", (error as FanoutException)?.Code ?? error.GetType().FullName);

    private static Task<FanoutPublished> Publish(
        IRoomHost host, string room, FanoutPayload payload, FanoutPublishOptions options, CancellationToken cancellation)
    {
        using var turn = host.Turns.Take();
        return host.Outbox.Publish(room, payload, options, Current, cancellation);
    }

    private static async Task<FanoutPublished> TracedAsync(
        IRoomHost host, string room, FanoutPayload payload, FanoutPublishOptions options, CancellationToken cancellation)
    {
        using var activity = Source.StartActivity("fanout.publish", ActivityKind.Producer);
        activity?.SetTag("messaging.system", "fanout").SetTag("messaging.operation.type", "send").SetTag("messaging.destination.name", room);
        try
        {
            var published = await Publish(host, room, payload, options, cancellation);
            activity?.SetTag("messaging.message.id", published.MessageId);
            return published;
        }
        catch (Exception e)
        {
            Failed(activity, e);
            throw;
        }
    }
}
