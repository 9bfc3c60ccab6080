using Fanout.Shared.Rooms;

namespace Fanout.Node.Api;

/// <summary>Lets a call through whose key has the scope; 401 without a valid key, 403 without the scope. Leaves the key's settings as a feature of the call.</summary>
internal sealed class ApiKeyFilter(string scope) : IEndpointFilter
{
    public ValueTask<object?> InvokeAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        var gate = context.HttpContext.RequestServices.GetRequiredService<ApiGate>();
        var refusal = gate.Refusal(context.HttpContext, scope, out var caller) ?? OpsProblem(context.HttpContext, caller!);
        if (refusal is not null)
            return ValueTask.FromResult<object?>(refusal);
        context.HttpContext.Features.Set(caller);
        return next(context);
    }

    // What nodes tell operators is for them alone. The name is the one that the endpoint is given, whatever the path was that led there.
    private static ApiProblem? OpsProblem(HttpContext context, ApiKeyOptions caller) =>
        context.Request.RouteValues.TryGetValue("room", out var value) && value is string room && RoomName.IsOpsRoom(room) && !caller.Scopes.Contains(ApiScope.Admin)
            ? ApiProblem.Forbidden($"The room '{room}' is for operators: reading it needs the scope '{ApiScope.Admin}'.")
            : null;
}
