using System.Reflection;
using System.Runtime.Loader;
using Fanout.Tests.TestKit.Nodes;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using NJsonSchema.CodeGeneration.CSharp;
using NSwag.CodeGeneration.CSharp;
using Xunit;

namespace Fanout.Tests.Integration.HttpApi;

/// <summary>
/// A client that NSwag generates from the document a node serves, compiled in memory: what a team gets that does not write its own. Nothing of
/// this repository helps it.
/// </summary>
internal sealed class GeneratedClient : IDisposable
{
    private static readonly SemaphoreSlim One = new(1, 1);
    private static Assembly? _assembly;

    private readonly HttpClient _http;

    private GeneratedClient(HttpClient http, Assembly assembly)
    {
        (_http, Assembly) = (http, assembly);
        Api = Activator.CreateInstance(assembly.GetType("Generated.FanoutApiClient", throwOnError: true)!, http)!;
    }

    /// <summary>The client.</summary>
    public dynamic Api { get; }

    public Assembly Assembly { get; }

    public static async Task<GeneratedClient> CreateAsync(Uri node)
    {
        var http = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { BaseAddress = node };
        http.DefaultRequestHeaders.Add("X-Api-Key", NodeOptions.ApiKey);
        await One.WaitAsync();
        try
        {
            // On a thread of its own: it takes seconds, and the pool is who answers for the other tests' peers.
            var document = await http.GetStringAsync("/openapi/v1.json");
            _assembly ??= await Task.Factory.StartNew(
                () => Compile(GenerateAsync(document).GetAwaiter().GetResult()), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        }
        finally
        {
            One.Release();
        }

        return new GeneratedClient(http, _assembly);
    }

    /// <summary>A type of the generated code, for what its calls take.</summary>
    public dynamic New(string type) => Activator.CreateInstance(Assembly.GetType("Generated." + type, throwOnError: true)!)!;

    /// <summary>A batch of the generated type.</summary>
    public dynamic Batch(params (string? Room, string? User, object Payload)[] messages)
    {
        var type = Assembly.GetType("Generated.BatchMessage", throwOnError: true)!;
        dynamic batch = Activator.CreateInstance(typeof(List<>).MakeGenericType(type))!;
        foreach (var (room, user, payload) in messages)
        {
            var message = New("BatchMessage");
            (message.Room, message.User, message.Payload) = (room, user, payload);
            batch.Add(message);
        }

        return batch;
    }

    public void Dispose() => _http.Dispose();

    private static async Task<string> GenerateAsync(string document)
    {
        var settings = new CSharpClientGeneratorSettings
        {
            ClassName = "FanoutApiClient",
            GenerateOptionalParameters = true,
            InjectHttpClient = true,
            UseBaseUrl = false,
        };
        settings.CSharpGeneratorSettings.Namespace = "Generated";
        settings.CSharpGeneratorSettings.JsonLibrary = CSharpJsonLibrary.SystemTextJson;
        settings.CSharpGeneratorSettings.GenerateNullableReferenceTypes = true;
        return new CSharpClientGenerator(await NSwag.OpenApiDocument.FromJsonAsync(document), settings).GenerateFile();
    }

    private static Assembly Compile(string source)
    {
        var references = ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator)
            .Where(path => Path.GetFileName(path).StartsWith("System.", StringComparison.Ordinal)).Select(path => MetadataReference.CreateFromFile(path));
        var compilation = CSharpCompilation.Create(
            "GeneratedClient", [CSharpSyntaxTree.ParseText(source)], references, new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary, concurrentBuild: false));
        using var image = new MemoryStream();
        var result = compilation.Emit(image);
        Assert.True(result.Success, string.Join(Environment.NewLine, result.Diagnostics.Where(diagnostic => diagnostic.Severity == DiagnosticSeverity.Error)));
        image.Position = 0;
        return AssemblyLoadContext.Default.LoadFromStream(image);
    }
}
