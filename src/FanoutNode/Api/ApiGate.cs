namespace Fanout.Node.Api;

/// <summary>Lets a call through whose key has the scope; 401 without a known key, 403 without the scope.</summary>
internal sealed class ApiGate(ApiKeys keys)
{
    private const string HeaderName = "X-Api-Key";

    /// <summary>A call behind the gate; the handler learns who calls.</summary>
    public RequestDelegate For(string scope, Func<HttpContext, ApiKeyOptions, Task> handler) => context =>
        Refusal(context, scope, out var caller) is { } refusal ? refusal.ExecuteAsync(context) : handler(context, caller!);

    /// <summary>Whether the caller has a key, whatever it is for.</summary>
    public bool Knows(HttpRequest request) => keys.Find(request.Headers[HeaderName]) is not null;

    /// <summary>Why the call may not pass; null where it may.</summary>
    public ApiProblem? Refusal(HttpContext context, string scope, out ApiKeyOptions? caller)
    {
        caller = keys.Find(context.Request.Headers[HeaderName]);
        if (caller is null)
            return ApiProblem.Unauthorized();
        return caller.Scopes.Contains(scope) ? null : ApiProblem.Forbidden($"The key '{caller.Name}' does not have the scope '{scope}'.");
    }
}
