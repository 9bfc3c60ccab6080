namespace Fanout.Node.Api;

/// <summary>Lets a call through whose key has the scope; 401 without a valid key, 403 without the scope.</summary>
internal sealed class ApiKeyFilter(string scope) : IEndpointFilter
{
    public ValueTask<object?> InvokeAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        var gate = context.HttpContext.RequestServices.GetRequiredService<ApiGate>();
        return gate.Refusal(context.HttpContext, scope, out _) is { } refusal ? ValueTask.FromResult<object?>(refusal) : next(context);
    }
}
