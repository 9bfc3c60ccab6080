using System.Net;
using Fanout.Tests.Integration.Support;
using Fanout.Tests.TestKit;
using Fanout.Tests.TestKit.Clients;
using Fanout.Tests.TestKit.Nodes;
using Fanout.Tests.TestKit.Streams;
using Xunit;

namespace Fanout.Tests.Integration.Streams;

/// <summary>Who may stream, from which page, and who is sent away.</summary>
public sealed class StreamAccessTests : IAsyncLifetime
{
    private const string Page = "https://app.example";

    private RunningNode _node = null!;

    public async ValueTask InitializeAsync() => _node = await RunningNode.StartAsync(new NodeOptions().With(
        ("Fanout:Auth:AllowAnonymous", "false"), ("Fanout:Auth:Jwt:SigningKey", Tokens.SigningKey), ("Fanout:Auth:AllowedOrigins:0", Page)));

    public ValueTask DisposeAsync() => _node.DisposeAsync();

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Token_InHeaderOrQuery_SaysWhoItIs_AndBringsTheUsersOwnRoom(bool header)
    {
        var token = Tokens.For("ann");
        await using var stream = await _node.StreamAsync(header ? new EventStreamOptions { Token = token } : new EventStreamOptions { Query = "access_token=" + token });

        Assert.Equal("ann", (await stream.ExpectAsync("connected")).Message.Payload().Text("userId"));
        await stream.ExpectAsync("joined", "$user.ann");
        Assert.True((await _node.Api.PublishAsync("$user.ann", "for you")).IsSuccess);
        Assert.Equal("for you", (await stream.ExpectAsync("message", "$user.ann")).Message.Text("payload"));
        Assert.DoesNotContain(_node.Process.Logs, line => line.Contains(token, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Token_ThatIsNone_Is401_AndAPageMaySeeThat()
    {
        await using var stream = await _node.StreamAsync(new EventStreamOptions { Token = "rubbish", Headers = new Dictionary<string, string> { ["Origin"] = Page } });

        Assert.Equal((HttpStatusCode.Unauthorized, "Bearer", Page), (stream.Status, stream.Header("WWW-Authenticate"), stream.Header("Access-Control-Allow-Origin")));
        Assert.Contains("\"status\":401", stream.Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Room_WithoutAGrant_IsAProblem_AndNotInTheId()
    {
        await using var stream = await _node.StreamAsync(new EventStreamOptions { Rooms = "chat,secret;e;1", Query = "presence=chat", Token = Tokens.For("ann", new { join = new[] { "chat" }, presence = new[] { "chat" } }) });

        Assert.Equal("forbidden", (await stream.ExpectAsync("problem", "secret")).Message.Payload().Text("code"));
        await stream.ExpectAsync("joined", "chat");
        await stream.ExpectAsync("joined", "$user.ann");
        Assert.DoesNotContain("secret", stream.LastEventId, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Token_ThatEnds_EndsTheStream_AndDoesNotComeBackWithinTheToleranceOfClocks()
    {
        var options = new EventStreamOptions { Token = Tokens.For("ann", expiresIn: TimeSpan.FromSeconds(10)) };
        await using var stream = await _node.StreamAsync(options);

        await stream.ExpectAsync("expiring");
        Assert.Equal(4002, (await stream.ExpectAsync("closed")).Message.Payload().Integer("code"));
        Assert.Equal(StreamEnd.Finished, await stream.EndAsync());
        Assert.StartsWith("$user.ann;", stream.LastEventId, StringComparison.Ordinal);

        await using var same = await _node.StreamAsync(options with { LastEventId = stream.LastEventId });
        Assert.Equal(HttpStatusCode.Unauthorized, same.Status);
        await using var renewed = await _node.StreamAsync(new EventStreamOptions { Token = Tokens.For("ann"), LastEventId = stream.LastEventId });
        Assert.True((await renewed.ExpectAsync("joined", "$user.ann")).Message.Payload().Flag("recovered"));
    }

    [Fact]
    public async Task Operator_WhoDisconnects_EndsTheStream_AndTheBrowserThatComesBackIsToldToStop()
    {
        await using var stream = await _node.StreamAsync(new EventStreamOptions { Token = Tokens.For("ann") });
        await stream.ExpectAsync("joined");
        var clientId = stream.Events[0].Message.Payload().Text("clientId")!;

        Assert.Equal(1, (int)(await _node.Api.DisconnectAsync(clientId)).Ok["connections"]!);

        Assert.Equal(4503, (await stream.ExpectAsync("closed")).Message.Payload().Integer("code"));
        Assert.Equal(StreamEnd.Finished, await stream.EndAsync());
        Assert.EndsWith(",!4503", stream.LastEventId, StringComparison.Ordinal);
        await using var back = await _node.StreamAsync(new EventStreamOptions { Token = Tokens.For("ann"), LastEventId = stream.LastEventId });
        Assert.Equal((HttpStatusCode.NoContent, ""), (back.Status, back.Body));
        // Whoever begins anew is let in: nobody said that the user stays out.
        await using var anew = await _node.StreamAsync(new EventStreamOptions { Token = Tokens.For("ann") });
        Assert.True(anew.IsStream);
    }

    [Fact]
    public async Task User_WhoIsRevoked_IsCut_AndStaysOut()
    {
        await using var stream = await _node.StreamAsync(new EventStreamOptions { Token = Tokens.For("eve") });
        await stream.ExpectAsync("joined");

        Assert.Equal(1, (int)(await _node.Api.SendAsync(HttpMethod.Delete, "/api/v1/users/eve/connections?revokeFor=00:10:00")).Ok["connections"]!);

        Assert.Equal(4503, (await stream.ExpectAsync("closed")).Message.Payload().Integer("code"));
        await using var back = await _node.StreamAsync(new EventStreamOptions { Token = Tokens.For("eve") });
        Assert.Equal(HttpStatusCode.Forbidden, back.Status);
    }

    [Theory]
    [InlineData(Page, 200, Page)]
    [InlineData("https://evil.example", 403, null)]
    [InlineData(null, 200, null)]
    public async Task Origin_DecidesWhoMayRead(string? origin, int status, string? allowed)
    {
        var headers = new Dictionary<string, string>();
        if (origin is not null)
            headers["Origin"] = origin;
        await using var stream = await _node.StreamAsync(new EventStreamOptions { Token = Tokens.For("ann"), Headers = headers });

        Assert.Equal((status, allowed, "Origin"), ((int)stream.Status, stream.Header("Access-Control-Allow-Origin"), stream.Header("Vary")));
    }

    [Theory]
    [InlineData(Page, true)]
    [InlineData("https://evil.example", false)]
    public async Task Preflight_LetsAllowedPagesSendATokenInAHeader(string origin, bool allowed)
    {
        using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false });
        using var request = new HttpRequestMessage(HttpMethod.Options, new Uri(_node.BaseUri, "/sse"));
        request.Headers.Add("Origin", origin);
        request.Headers.Add("Access-Control-Request-Method", "GET");
        request.Headers.Add("Access-Control-Request-Headers", "authorization");
        using var response = await http.SendAsync(request, TestContext.Current.CancellationToken).WithDeadline("an answer");

        Assert.Equal(HttpStatusCode.NoContent, response.StatusCode);
        Assert.Equal(allowed, response.Headers.Contains("Access-Control-Allow-Origin"));
        Assert.Equal(allowed, response.Headers.TryGetValues("Access-Control-Allow-Headers", out var names) && string.Join(' ', names).Contains("Authorization", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("Last-Event-ID", "42", "")]
    [InlineData("Last-Event-ID", "a;b", "")]
    [InlineData("Last-Event-ID", "a;e;-1", "")]
    [InlineData("X", "", "lastEventId=rubbish")]
    [InlineData("X", "", "last=none")]
    [InlineData("X", "", "last=0")]
    [InlineData("X", "", "rooms=a&presence=b")]
    public async Task Request_ThatCannotBeUnderstood_Is400(string header, string value, string query)
    {
        var headers = new Dictionary<string, string> { [header] = value };
        await using var stream = await _node.StreamAsync(new EventStreamOptions { Token = Tokens.For("ann"), Headers = headers, Query = query });

        Assert.Equal((HttpStatusCode.BadRequest, "application/problem+json"), (stream.Status, stream.Header("Content-Type")));
    }
}
