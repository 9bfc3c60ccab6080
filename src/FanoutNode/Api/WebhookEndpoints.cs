using System.Text.Json;
using Fanout.Node.BackEnds;
using Fanout.Node.Backplane;
using Fanout.Node.Webhooks;

namespace Fanout.Node.Api;

/// <summary>How it is with webhooks, and what was given up.</summary>
internal static class WebhookEndpoints
{
    /// <summary><c>GET /api/v1/webhooks</c>.</summary>
    public static Task<IResult> ListAsync(IBackplane backplane, WebhookPlan plan) => RoomEndpoints.GuardAsync(async () =>
    {
        if (backplane.Webhooks is not { } queue)
            return Results.Json(new WebhookList([]), WebhookJson.Default.WebhookList);
        var options = plan.Endpoints.ToDictionary(endpoint => endpoint.Name, endpoint => endpoint.Options);
        var items = (await queue.StatesAsync()).Select(state => new WebhookItem(
            state.Name,
            BackEndHttp.Shown(options[state.Name].Url),
            options[state.Name].Events,
            options[state.Name].Rooms,
            state.Pending,
            state.Attempts,
            state.FailingSince,
            state.LastError,
            state.LastErrorAt,
            state.Sent,
            state.Dead,
            state.Lost));
        return Results.Json(new WebhookList([.. items]), WebhookJson.Default.WebhookList);
    });

    /// <summary><c>GET /api/v1/webhooks/dead</c>: a page of dead letters, the oldest first.</summary>
    public static async Task<IResult> DeadAsync(IBackplane backplane, string? after = null, string? limit = null)
    {
        if (!RoomEndpoints.TryReadLimit(limit, out var size, out var problem))
            return problem;
        if (after is not null && !after.All(c => char.IsAsciiDigit(c) || c == '-'))
            return ApiProblem.BadRequest("'after' must be the 'next' of the page before.");
        return await RoomEndpoints.GuardAsync(async () =>
        {
            var page = backplane.Webhooks is { } queue ? await queue.DeadLettersAsync(after, size) : new Page<DeadLetter>([], null);
            var items = page.Items.Select(letter => new DeadLetterItem(
                letter.Id, letter.Endpoint, letter.Attempts, letter.Error, letter.At, JsonElement.Parse(letter.Json.Span)));
            return Results.Json(new DeadLetterList([.. items], page.Next), WebhookJson.Default.DeadLetterList);
        });
    }

    /// <summary>
    /// <c>POST /api/v1/webhooks/dead/replay</c>: puts dead letters back into the queue, with their ids. Those of a receiver that is not configured
    /// stay where they are: nobody would take them.
    /// </summary>
    /// <param name="endpoint">Those of one receiver, by its name; absent: of all.</param>
    public static async Task<IResult> ReplayAsync(IBackplane backplane, WebhookPlan plan, string? endpoint = null)
    {
        string[] endpoints = [.. plan.Endpoints.Select(known => known.Name).Where(name => endpoint is null || name == endpoint)];
        if (endpoint is not null && endpoints.Length == 0)
            return ApiProblem.NotFound("No receiver of this name is configured.");
        return await RoomEndpoints.GuardAsync(async () =>
        {
            var replay = backplane.Webhooks is { } queue ? await queue.ReplayAsync(endpoints) : default;
            return Results.Json(new ReplayAnswer(replay.Replayed, replay.IsMore ? true : null), WebhookJson.Default.ReplayAnswer);
        });
    }
}
