namespace Fanout.Node.Api.OpenApi;

/// <summary>
/// <c>GET /openapi/v1.json</c>: the API as an OpenAPI 3.1 document, which is written by hand: it is the contract, and tests hold the endpoints
/// to it (docs/decisions/0015). It needs no key: it says what anybody may read in the repository.
/// </summary>
internal static class OpenApiDocument
{
    public const string Path = "/openapi/v1.json";

    private const string ResourceName = "openapi.v1.json";

    private static readonly byte[] Json = Read();

    public static Task HandleAsync(HttpContext context)
    {
        context.Response.ContentType = "application/json; charset=utf-8";
        context.Response.ContentLength = Json.Length;
        return HttpMethods.IsHead(context.Request.Method) ? Task.CompletedTask : context.Response.Body.WriteAsync(Json).AsTask();
    }

    private static byte[] Read()
    {
        using var stream = typeof(OpenApiDocument).Assembly.GetManifestResourceStream(ResourceName)
            ?? throw new InvalidOperationException($"{ResourceName} is not embedded in the assembly.");
        var json = new byte[stream.Length];
        stream.ReadExactly(json);
        return json;
    }
}
