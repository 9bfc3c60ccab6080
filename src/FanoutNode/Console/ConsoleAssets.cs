using System.Collections.Frozen;
using System.IO.Compression;
using System.Reflection;
using System.Security.Cryptography;
using Microsoft.Net.Http.Headers;

namespace Fanout.Node.Console;

/// <summary>The page's files. They are part of the assembly, so that a node has its own console wherever it runs; made by <c>src/Console</c>.</summary>
internal sealed class ConsoleAssets
{
    public const string Page = "index.html";

    private const string ResourcePrefix = "console/";

    // Only this node's own files, and nothing written into the page itself: what others named cannot become a script, even if it got that far.
    private const string Policy =
        "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; img-src 'self' data:; connect-src 'self'; "
        + "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'";

    private readonly FrozenDictionary<string, Asset> _files;

    private ConsoleAssets(IEnumerable<Asset> files) => _files = files.ToFrozenDictionary(file => file.Name, StringComparer.Ordinal);

    public static ConsoleAssets Load()
    {
        var assembly = typeof(ConsoleAssets).Assembly;
        return new ConsoleAssets(assembly.GetManifestResourceNames()
            .Where(name => name.StartsWith(ResourcePrefix, StringComparison.Ordinal))
            .Select(name => Read(assembly, name)));
    }

    public IEnumerable<string> Names => _files.Keys;

    /// <summary>Answers with a file; 404 where there is none of that name.</summary>
    public Task ServeAsync(HttpContext context, string name)
    {
        if (!_files.TryGetValue(name, out var file))
        {
            context.Response.StatusCode = StatusCodes.Status404NotFound;
            return Task.CompletedTask;
        }

        var headers = context.Response.Headers;
        headers.ContentSecurityPolicy = Policy;
        headers.XContentTypeOptions = "nosniff";
        headers["Referrer-Policy"] = "no-referrer";
        headers["Cross-Origin-Opener-Policy"] = "same-origin";
        headers["Cross-Origin-Resource-Policy"] = "same-origin";
        headers["Permissions-Policy"] = "camera=(), geolocation=(), microphone=(), payment=(), usb=()";
        // Asked about each time, so that a node of another version never meets an older page.
        headers.CacheControl = "no-cache";
        headers.ETag = file.Tag;
        headers.Vary = HeaderNames.AcceptEncoding;
        if (context.Request.Headers.IfNoneMatch.ToString().Contains(file.Tag, StringComparison.Ordinal))
        {
            context.Response.StatusCode = StatusCodes.Status304NotModified;
            return Task.CompletedTask;
        }

        context.Response.ContentType = file.Type;
        var packed = file.Packed is not null && context.Request.Headers.AcceptEncoding.ToString().Contains("br", StringComparison.Ordinal);
        if (packed)
            headers.ContentEncoding = "br";
        var body = packed ? file.Packed!.Value : file.Bytes;
        context.Response.ContentLength = body.Length;
        return context.Response.Body.WriteAsync(body).AsTask();
    }

    private static Asset Read(Assembly assembly, string resource)
    {
        using var stream = assembly.GetManifestResourceStream(resource)!;
        var bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        var name = resource[ResourcePrefix.Length..];
        var type = Path.GetExtension(name) switch
        {
            ".html" => "text/html; charset=utf-8",
            ".js" => "text/javascript; charset=utf-8",
            ".css" => "text/css; charset=utf-8",
            ".svg" => "image/svg+xml",
            ".woff2" => "font/woff2",
            ".txt" => "text/plain; charset=utf-8",
            _ => "application/octet-stream",
        };
        return new Asset(name, bytes, type, $"\"{Convert.ToHexStringLower(SHA256.HashData(bytes))[..16]}\"");
    }

    private sealed class Asset(string name, byte[] bytes, string type, string tag)
    {
        // Packed at the first use: most nodes are never looked at.
        private readonly Lazy<ReadOnlyMemory<byte>?> _packed = new(() => type.StartsWith("font/", StringComparison.Ordinal) ? (ReadOnlyMemory<byte>?)null : Pack(bytes));

        public string Name => name;

        public ReadOnlyMemory<byte> Bytes => bytes;

        public ReadOnlyMemory<byte>? Packed => _packed.Value;

        public string Type => type;

        public string Tag => tag;

        private static ReadOnlyMemory<byte> Pack(byte[] bytes)
        {
            using var packed = new MemoryStream();
            using (var brotli = new BrotliStream(packed, CompressionLevel.Optimal, leaveOpen: true))
                brotli.Write(bytes);
            return packed.ToArray();
        }
    }
}
