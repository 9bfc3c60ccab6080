using System.Globalization;
using System.Text.Json.Nodes;
using Fanout.Tests.TestKit.BackEnds;
using Microsoft.AspNetCore.Http;

namespace Fanout.Tests.Integration.Webhooks;

/// <summary>One event as a receiver got it.</summary>
internal sealed record WebhookEvent(string Id, string Type, string Subject, JsonObject Json)
{
    public override string ToString() => $"{Type} {Subject} {Id}";
}

/// <summary>A receiver of webhooks that keeps what it took, in order, and takes it unless the test says otherwise.</summary>
internal sealed class WebhookReceiver : IAsyncDisposable
{
    public const string Secret = "a secret of the receiver";

    private readonly Lock _gate = new();
    private readonly List<WebhookEvent> _taken = [];

    private WebhookReceiver(Receiver http)
    {
        Http = http;
        http.Answer = AnswerAsync;
    }

    public Receiver Http { get; }

    /// <summary>The status that a call is answered with; 0 stalls, -1 hangs up.</summary>
    public Func<ReceivedCall, int> Status { get; set; } = static _ => 200;

    /// <summary>What a call waits for before it is taken or refused.</summary>
    public Func<ReceivedCall, Task> Before { get; set; } = static _ => Task.CompletedTask;

    /// <summary>The events that were answered with 2xx.</summary>
    public IReadOnlyList<WebhookEvent> Taken
    {
        get
        {
            lock (_gate)
                return [.. _taken];
        }
    }

    public static async Task<WebhookReceiver> StartAsync() => new(await Receiver.StartAsync());

    public static IReadOnlyList<WebhookEvent> EventsOf(ReceivedCall call) =>
    [
        .. call.Json["events"]!.AsArray().Select(item => new WebhookEvent(
            (string)item!["id"]!, (string)item["type"]!, (string)(item["clientId"] ?? item["room"] ?? item["userId"])!, (JsonObject)item)),
    ];

    /// <summary>What was taken, as a receiver sees it that knows what it had before by its id.</summary>
    public IReadOnlyList<WebhookEvent> Once => [.. Taken.DistinctBy(item => item.Id)];

    /// <summary>What was taken of one subject, as types in order; what came again is left out.</summary>
    public IReadOnlyList<string> TypesOf(string subject) => [.. Once.Where(item => item.Subject == subject).Select(item => item.Type)];

    public async Task<WebhookEvent> WaitForAsync(string type, string subject, int count = 1, TimeSpan? deadline = null) =>
        (await WaitAsync(taken => taken.Count(item => item.Type == type && item.Subject == subject) >= count, $"{type} of {subject}", deadline))
        .Last(item => item.Type == type && item.Subject == subject);

    public async Task<IReadOnlyList<WebhookEvent>> WaitAsync(Func<IReadOnlyList<WebhookEvent>, bool> wanted, string what, TimeSpan? deadline = null)
    {
        await Http.WaitAsync(_ => wanted(Taken), what, deadline);
        return Taken;
    }

    public static int AttemptOf(ReceivedCall call) => int.Parse(call.Header("Fanout-Attempt")!, CultureInfo.InvariantCulture);

    public ValueTask DisposeAsync() => Http.DisposeAsync();

    // Kept before the answer: whoever sent it may do something else as soon as it has it.
    private async Task AnswerAsync(ReceivedCall call, HttpContext context)
    {
        await Before(call);
        var status = Status(call);
        if (status is >= 200 and < 300)
        {
            lock (_gate)
                _taken.AddRange(EventsOf(call));
            Http.Nudge();
        }

        if (status == 0)
        {
            await Http.StallAsync(context);
        }
        else if (status < 0)
        {
            context.Abort();
        }
        else
        {
            context.Response.StatusCode = status;
            if (status == 302)
                context.Response.Headers.Location = "/elsewhere";
        }
    }
}
