using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Fanout.Node.Hosting;
using Fanout.Tests.Integration.Support;
using Fanout.Tests.TestKit.Api;
using Microsoft.AspNetCore.Routing;
using NJsonSchema;
using Xunit;

namespace Fanout.Tests.Integration.HttpApi;

/// <summary>The document is written by hand: these tests hold it and the endpoints together.</summary>
public sealed class OpenApiTests(MemoryNode memory)
{
    [Fact]
    public async Task Document_DescribesEveryEndpointOfTheApi_AndNoOther()
    {
        var document = await ReadAsync();
        await using var app = NodeApplication.Build(["--Fanout:Auth:AllowAnonymous=true"]);

        var mapped = ((IEndpointRouteBuilder)app).DataSources.SelectMany(source => source.Endpoints).OfType<RouteEndpoint>()
            .Where(endpoint => endpoint.RoutePattern.RawText!.StartsWith("/api/v1", StringComparison.Ordinal))
            .SelectMany(endpoint => endpoint.Metadata.GetRequiredMetadata<HttpMethodMetadata>().HttpMethods
                .Where(method => method != "HEAD").Select(method => $"{method} {endpoint.RoutePattern.RawText}"));

        Assert.Equal(mapped.Order(StringComparer.Ordinal), Operations(document).Select(operation => $"{operation.Method.ToUpperInvariant()} {operation.Path}").Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Document_SaysOfEveryOperation_WhatACallerNeeds()
    {
        var document = await ReadAsync();

        Assert.StartsWith("3.1", (string)document["openapi"]!, StringComparison.Ordinal);
        Assert.Equal("X-Api-Key", (string?)document["components"]!["securitySchemes"]!["apiKey"]!["name"]);
        var ids = Operations(document).Select(operation => (string)operation.Json["operationId"]!).ToList();
        Assert.Equal(ids.Distinct(), ids);
        foreach (var (path, _, operation) in Operations(document))
        {
            var responses = operation["responses"]!.AsObject();
            Assert.True(responses.ContainsKey("200") || responses.ContainsKey("204"), path);
            foreach (var status in new[] { "401", "403", "500", "503" })
                Assert.True(responses.ContainsKey(status), $"{path} has no {status}");
            Assert.All(responses.Where(response => response.Key[0] is '4' or '5'), response => Assert.NotNull((string?)response.Value!["$ref"]));
            var named = (operation["parameters"]?.AsArray() ?? []).Select(parameter => Resolve(document, parameter!)).Where(parameter => (string?)parameter["in"] == "path");
            Assert.Equal(path.Split('/').Where(part => part.StartsWith('{')).Select(part => part.Trim('{', '}')), named.Select(parameter => (string)parameter["name"]!));
        }
    }

    // The scope that the document names is the one that lets a key in, and no other does; with any method that the call takes.
    [Fact]
    public async Task EveryOperation_IsForKeysOfItsScopeAlone()
    {
        string[] scopes = ["publish", "read", "admin"];
        foreach (var (path, method, operation) in Operations(await ReadAsync()))
        {
            var scope = Regex.Match((string)operation["description"]!, "Scope `([a-z]+)`").Groups[1].Value;
            Assert.Contains(scope, scopes);
            var target = path.Replace("{room}", Rooms.New(), StringComparison.Ordinal).Replace("{user}", Rooms.New("user"), StringComparison.Ordinal).Replace("{id}", "nobody", StringComparison.Ordinal);
            foreach (var verb in method == "get" ? new[] { "GET", "HEAD" } : [method.ToUpperInvariant()])
            {
                foreach (var (key, allowed) in scopes.Select(other => ($"only-{other}-key", other == scope)).Append(("no such key", false)))
                {
                    using var api = new ApiClient(memory.Node.BaseUri, key);
                    var status = (int)(await api.SendAsync(new HttpMethod(verb), target, verb == "POST" ? "1" : null)).Status;
                    Assert.Equal((verb, path, key, allowed ? 0 : key == "no such key" ? 401 : 403), (verb, path, key, status is 401 or 403 ? status : 0));
                }
            }
        }
    }

    // Each answer of a real node, held against the schema that the document gives it; what is not described is not there.
    [Fact]
    public async Task Answers_AreAsTheDocumentSays()
    {
        var document = await ReadAsync();
        var schemas = await NSwag.OpenApiDocument.FromJsonAsync(document.ToJsonString(), TestContext.Current.CancellationToken);
        var api = memory.Node.Api;
        var (room, user) = (Rooms.New(), Rooms.New("ann"));
        await using var member = await memory.Node.JoinAsync(room);
        await member.PublishAsync(room, "by a socket");

        Check("Published", (await api.PublishAsync(room, 1)).Ok);
        Check("Pushed", (await api.PushAsync(user, 1)).Ok);
        Check("BatchAnswer", (await api.PublishBatchAsync([new JsonObject { ["room"] = room, ["payload"] = 1 }, new JsonObject { ["user"] = user, ["payload"] = 1 }, 7])).Ok);
        Check("RoomList", (await api.RoomsAsync(limit: 1)).Ok);
        Check("RoomDetails", (await api.RoomAsync(room)).Ok);
        Check("MemberList", (await api.MembersAsync(room)).Ok);
        Check("History", (await api.HistoryAsync(room, "?limit=1")).Ok);
        Check("UserDetails", (await api.UserAsync(user)).Ok);
        Check("ConnectionDetails", (await api.GetAsync($"/api/v1/connections/{member.ClientId}")).Ok);
        Check("NodeList", (await api.NodesAsync()).Ok);
        Check("WebhookList", (await api.GetAsync("/api/v1/webhooks")).Ok);
        Check("DeadLetterList", (await api.GetAsync("/api/v1/webhooks/dead")).Ok);
        Check("ReplayAnswer", (await api.SendAsync(HttpMethod.Post, "/api/v1/webhooks/dead/replay")).Ok);
        Check("Disconnected", (await api.DisconnectUserAsync(user)).Ok);
        Check("Problem", (await api.PublishAsync("a room", 1)).Body!.AsObject());
        Check("Problem", (await api.GetAsync("/nothing")).Body!.AsObject());

        void Check(string name, JsonObject answer)
        {
            var schema = schemas.Components.Schemas[name];
            Close(schema, []);
            var errors = schema.Validate(answer.ToJsonString());
            Assert.True(errors.Count == 0, $"{name}: {string.Join(", ", errors)}: {answer.ToJsonString()}");
        }
    }

    // Callers meet fields that come later; here one that is not described is a fault of the document.
    private static void Close(JsonSchema schema, HashSet<JsonSchema> seen)
    {
        schema = schema.ActualSchema;
        if (!seen.Add(schema))
            return;
        if (schema.Properties.Count > 0)
            schema.AllowAdditionalProperties = false;
        foreach (var property in schema.Properties.Values)
            Close(property, seen);
        if (schema.Item is not null)
            Close(schema.Item, seen);
    }

    private async Task<JsonObject> ReadAsync() => (await memory.Node.Api.GetAsync("/openapi/v1.json")).Ok;

    private static IEnumerable<(string Path, string Method, JsonObject Json)> Operations(JsonObject document) =>
        from path in document["paths"]!.AsObject()
        from operation in path.Value!.AsObject()
        select (path.Key, operation.Key, operation.Value!.AsObject());

    private static JsonNode Resolve(JsonObject document, JsonNode node) => (string?)node["$ref"] is { } reference
        ? reference.TrimStart('#', '/').Split('/').Aggregate((JsonNode)document, (at, name) => at[name]!)
        : node;
}
