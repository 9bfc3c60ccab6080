using Fanout.Shared.Rooms;

namespace Fanout.Node.Api;

/// <summary>Lets a call through whose key has the scope; 401 without a valid key, 403 without the scope.</summary>
internal sealed class ApiKeyFilter(string scope) : IEndpointFilter
{
    private const string HeaderName = "X-Api-Key";

    private static readonly object CallerItem = new();

    /// <summary>Whose idempotency keys a call's are: the name of its API key.</summary>
    public static string CallerOf(HttpContext context) => (string)context.Items[CallerItem]!;

    public ValueTask<object?> InvokeAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        var keys = context.HttpContext.RequestServices.GetRequiredService<ApiKeys>();
        var caller = keys.Find(context.HttpContext.Request.Headers[HeaderName]);
        if (caller is null)
            return ValueTask.FromResult<object?>(ApiProblem.Unauthorized());
        context.HttpContext.Items[CallerItem] = "api." + caller.Name;
        // What nodes tell operators is for them alone, and nobody else may tell it.
        if (context.HttpContext.GetRouteValue("room") is string room && RoomName.IsOpsRoom(room) && (scope == ApiScope.Publish || !caller.Scopes.Contains(ApiScope.Admin)))
            return ValueTask.FromResult<object?>(ApiProblem.Forbidden($"'{room}' is for operators: only nodes publish there, and reading it needs the scope '{ApiScope.Admin}'."));
        return caller.Scopes.Contains(scope)
            ? next(context)
            : ValueTask.FromResult<object?>(ApiProblem.Forbidden($"The key '{caller.Name}' does not have the scope '{scope}'."));
    }
}
