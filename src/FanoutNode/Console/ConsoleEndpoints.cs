using Fanout.Node.Api;
using Fanout.Node.Connections.Handshake;

namespace Fanout.Node.Console;

/// <summary>What the page needs to know of its session.</summary>
/// <param name="Token">For the socket, <c>fanout.bearer.…</c>.</param>
/// <param name="ExpiresAt">Unix milliseconds.</param>
/// <param name="Name">The API key's name.</param>
/// <param name="Scopes">What it may do.</param>
/// <param name="Open">Whether the node asks for no key (Development).</param>
/// <param name="Node">The node that answered.</param>
internal sealed record ConsoleSession(string Token, long ExpiresAt, string Name, IReadOnlyList<string> Scopes, bool Open, string Node);

/// <summary><c>/console</c>: the page, its socket, and the exchange of an API key for a token.</summary>
internal static class ConsoleEndpoints
{
    private const string KeyHeader = "X-Api-Key";

    private static readonly string[] Reading = [HttpMethods.Get, HttpMethods.Head];

    public static void MapConsole(this IEndpointRouteBuilder routes)
    {
        var assets = ConsoleAssets.Load();
        // Relative to /console, so that the page works under whatever path a proxy gives the node.
        routes.MapMethods("/console", Reading, (HttpContext context) => IsFolder(context) ? RedirectAsync(context) : assets.ServeAsync(context, ConsoleAssets.Page)).ExcludeFromDescription();
        routes.MapMethods("/console/{file}", Reading, (HttpContext context, string file) => assets.ServeAsync(context, file)).ExcludeFromDescription();
        routes.MapPost("/console/session", OpenSession).ExcludeFromDescription();
        routes.MapMethods(SocketEndpoint.ConsolePath, [HttpMethods.Get, HttpMethods.Connect], routes.ServiceProvider.GetRequiredService<SocketEndpoint>().HandleAsync)
            .ExcludeFromDescription();
    }

    // Routing takes both for the same; to a browser everything that the page names would lie a folder deeper.
    private static bool IsFolder(HttpContext context) => context.Request.Path.Value is [.., '/'];

    private static Task RedirectAsync(HttpContext context)
    {
        context.Response.StatusCode = StatusCodes.Status308PermanentRedirect;
        context.Response.Headers.Location = "../console";
        context.Response.Headers.CacheControl = "no-cache";
        return Task.CompletedTask;
    }

    // By POST and with a header: no key ever stands in a URL, and no other site can have a browser send it.
    private static IResult OpenSession(HttpContext context, ApiKeys keys, ConsoleTokens tokens, Backplane.NodeIdentity node)
    {
        context.Response.Headers.CacheControl = "no-store";
        if (keys.Find(context.Request.Headers[KeyHeader]) is not { } key)
            return ApiProblem.Unauthorized();
        if (!key.Scopes.Contains(ApiScope.Admin))
            return ApiProblem.Forbidden($"The key '{key.Name}' does not have the scope '{ApiScope.Admin}', which the console needs.");
        var token = tokens.Issue(key);
        return Results.Json(
            new ConsoleSession(token.Text, token.ExpiresAt.ToUnixTimeMilliseconds(), key.Name, key.Scopes, keys.IsOpen, node.Name), ConsoleJson.Default.ConsoleSession);
    }
}
