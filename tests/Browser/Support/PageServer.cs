using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Fanout.Tests.Browser.Support;

/// <summary>Serves one page, from an origin of its own: what is not the node's origin is another one to the browser.</summary>
internal sealed class PageServer : IAsyncDisposable
{
    private readonly WebApplication _app;

    private PageServer(string html)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        _app = builder.Build();
        _app.Urls.Add("http://127.0.0.1:0");
        _app.MapGet("/", () => Results.Content(html, "text/html; charset=utf-8"));
        // A browser asks for it by itself, and shows a missing one as an error.
        _app.MapGet("/favicon.ico", () => Results.NoContent());
    }

    public string Url => _app.Urls.First() + "/";

    /// <summary>As a browser writes it in Origin.</summary>
    public string Origin => _app.Urls.First();

    public static async Task<PageServer> StartAsync(string html = "<!doctype html><meta charset=utf-8><title>test</title>")
    {
        var server = new PageServer(html);
        await server._app.StartAsync();
        return server;
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();
}
