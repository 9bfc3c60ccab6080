using System.Net;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Fanout.Tests.Integration.Support;
using Fanout.Tests.TestKit;
using Fanout.Tests.TestKit.Clients;
using Fanout.Tests.TestKit.Sockets;
using Xunit;

namespace Fanout.Tests.Integration.Requests;

/// <summary>One slow or broken back end is nobody else's trouble.</summary>
public sealed class IsolationTests
{
    [Fact]
    public async Task SlowBackEnd_HoldsBackNoOtherCommandAndNoOtherMethod()
    {
        await using var rig = await RequestNode.StartAsync(("Fanout:Rpc:Methods:0:MaxConcurrent", "3"));
        var release = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        rig.Receiver.Answer = (call, _) => call.Path == "/slow" ? release.Task : Task.CompletedTask;
        await using var client = await rig.Node.ConnectAsync();
        await using var other = await rig.Node.ConnectAsync(TestClientOptions.Msgpack);

        var slow = Enumerable.Range(0, 3).Select(_ => client.RequestAsync(AnswerTests.Request("slow.report"))).ToList();
        await rig.Receiver.WaitAsync(3);

        // The same client and another one, everything else that they may want.
        foreach (var each in new[] { client, other })
        {
            await each.PingAsync();
            await each.JoinAsync("room");
            await each.PublishAsync("room", "hello");
            await each.RequestAsync(AnswerTests.Request("quick"), "response");
            var full = await each.RequestErrorAsync(AnswerTests.Request("slow.report"));
            Assert.Equal(("rate_limited", 1000L), (full.Text("code"), full.Integer("retryAfterMs")));
        }

        Assert.Equal(3, rig.Receiver.Calls.Count(call => call.Path == "/slow"));
        release.SetResult();
        Assert.All(await Task.WhenAll(slow), answer => Assert.Equal("response", answer.Text("type")));
        await client.RequestAsync(AnswerTests.Request("slow.report"), "response");
    }

    [Fact]
    public async Task Client_HoldsNoMoreRequestsThanItMay()
    {
        await using var rig = await RequestNode.StartAsync(("Fanout:Rpc:MaxPerConnection", "2"));
        var release = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        rig.Receiver.Answer = (_, _) => release.Task;
        await using var client = await rig.Node.ConnectAsync();
        var held = new[] { client.RequestAsync(AnswerTests.Request("a")), client.RequestAsync(AnswerTests.Request("b")) };
        await rig.Receiver.WaitAsync(2);

        Assert.Equal("rate_limited", (await client.RequestErrorAsync(AnswerTests.Request("c"))).Text("code"));

        release.SetResult();
        Assert.All(await Task.WhenAll(held), answer => Assert.Equal("response", answer.Text("type")));
        // The place is given back behind the answer.
        await Eventually.TrueAsync(async () => (await client.RequestAsync(AnswerTests.Request("d"))).Text("type") == "response", "a place for another request");
        Assert.Equal(3, rig.Receiver.Calls.Count);
    }

    [Fact]
    public async Task StallingBackEnd_IsATimeout_AndTheConnectionLivesOn()
    {
        await using var rig = await RequestNode.StartAsync(("Fanout:Rpc:Methods:1:Timeout", "00:00:01"));
        rig.Receiver.Answer = (call, context) => (string?)call.Json["method"] == "stalls" ? rig.Receiver.StallAsync(context) : TrickleAsync(rig, context);
        await using var client = await rig.Node.ConnectAsync();

        foreach (var method in new[] { "stalls", "stalls half-way" })
        {
            var error = await client.RequestErrorAsync(AnswerTests.Request(method));
            Assert.Equal(("timeout", true), (error.Text("code"), (bool)error["retryable"]!));
        }

        await client.PingAsync();
        Assert.InRange(rig.Receiver.Calls.Count, 0, 2);

        static async Task TrickleAsync(RequestNode rig, Microsoft.AspNetCore.Http.HttpContext context)
        {
            await AnswerTests.JsonAsync(context, "[1,");
            await context.Response.Body.FlushAsync();
            await rig.Receiver.StallAsync(context);
        }
    }

    // What the client does not read fills what may wait for it; its next answers would have ended the connection, and all of its requests.
    [Fact]
    public async Task AnswersToASlowReader_ThatHaveNoRoom_AreTooLarge_AndTheConnectionLivesOn()
    {
        await using var rig = await RequestNode.StartAsync(("Fanout:Limits:StallTimeout", "00:01:00"));
        var release = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var answer = "\"" + new string('x', 1_000_000) + "\"";
        rig.Receiver.Answer = async (call, context) =>
        {
            await release.Task;
            await AnswerTests.JsonAsync(context, (string?)call.Json["method"] == "large" ? answer : "1");
        };
        await using var client = await rig.Node.ConnectAsync(new TestClientOptions { ReceiveBufferBytes = 4096 });
        var asked = Enumerable.Range(0, 16).Select(_ => client.RequestAsync(AnswerTests.Request("large"))).ToList();
        await rig.Receiver.WaitAsync(16);

        client.PauseReading();
        release.SetResult();
        await Eventually.TrueAsync(
            async () => (await rig.Node.Api.GetAsync("/metrics")).Text is var text && Regex.IsMatch(text, "dropped_total{[^}]*reason=\"backlog\"} [1-9]") && Regex.IsMatch(text, "fanout_rpc_active{[^}]*} 0"), "answers without room");
        client.ResumeReading();

        var answers = await Task.WhenAll(asked);
        Assert.All(answers, each => Assert.True(each.Text("type") == "response" || each.Payload().Text("code") == "too_large"));
        Assert.Contains(answers, each => each.Text("type") == "response");
        Assert.Contains(answers, each => each.Text("type") == "error");
        await client.RequestAsync(AnswerTests.Request("small"), "response");
    }

    [Fact]
    public async Task FailingBackEnd_OpensItsCircuit_AndAGoodAnswerClosesIt()
    {
        await using var rig = await RequestNode.StartAsync(
            ("Fanout:Rpc:Methods:1:BreakAfter", "4"), ("Fanout:Rpc:Methods:1:BreakFor", "00:00:05"));
        var works = false;
        rig.Receiver.Answer = (call, context) =>
        {
            context.Response.StatusCode = call.Path == "/slow" || Volatile.Read(ref works) ? 200 : 500;
            return Task.CompletedTask;
        };
        await using var client = await rig.Node.ConnectAsync();
        for (var i = 0; i < 4; i++)
            Assert.Null((await client.RequestErrorAsync(AnswerTests.Request("broken"))).Integer("retryAfterMs"));

        var refused = await client.RequestErrorAsync(AnswerTests.Request("broken"));

        Assert.Equal("upstream_failed", refused.Text("code"));
        Assert.InRange(refused.Integer("retryAfterMs") ?? -1, 0, 5_000);
        await rig.Node.Process.WaitForLogAsync("fails too often");
        await client.RequestAsync(AnswerTests.Request("slow.but.sound"), "response");
        Assert.Contains("fanout_rpc_circuits_open", (await rig.Node.Api.GetAsync("/metrics")).Text, StringComparison.Ordinal);
        Volatile.Write(ref works, true);
        await Eventually.ValueAsync(
            async () => (await client.RequestAsync(AnswerTests.Request("broken"))).Text("type"), type => type == "response", "the circuit to close");
        await rig.Node.Process.WaitForLogAsync("answers again");
    }

    [Fact]
    public async Task Client_ThatIsGoneMeanwhile_LeavesNothingBehind()
    {
        await using var rig = await RequestNode.StartAsync(("Fanout:Rpc:Methods:1:MaxConcurrent", "2"));
        var release = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        rig.Receiver.Answer = (_, _) => release.Task;
        await using var gone = await rig.Node.ConnectAsync();
        foreach (var method in new[] { "a", "b" })
            await gone.SendAsync(new JsonObject { ["type"] = "request", ["id"] = method, ["method"] = method });
        await rig.Receiver.WaitAsync(2);
        await using var client = await rig.Node.ConnectAsync();

        gone.Abort();

        Assert.Equal("rate_limited", (await client.RequestErrorAsync(AnswerTests.Request("c"))).Text("code"));
        release.SetResult();
        await Eventually.ValueAsync(
            async () => (await client.RequestAsync(AnswerTests.Request("c"))).Text("type"), type => type == "response", "room for another request");
        await client.PingAsync();
    }

    [Fact]
    public async Task Access_IsForThoseWhoMay()
    {
        await using var rig = await RequestNode.StartAsync(("Fanout:Rpc:Methods:0:Access", "Granted"), ("Fanout:Rpc:Methods:1:Access", "Users"));
        await using var nobody = await rig.Node.ConnectAsync();
        await using var user = await rig.Node.ConnectAsync(new TestClientOptions { Token = Tokens.For("ann") });
        await using var granted = await rig.Node.ConnectAsync(new TestClientOptions { Token = Tokens.For("bob", new { request = new[] { "slow.r*" } }) });

        Assert.Equal("forbidden", (await nobody.RequestErrorAsync(AnswerTests.Request("quick"))).Text("code"));
        Assert.Equal("forbidden", (await nobody.RequestErrorAsync(AnswerTests.Request("slow.report"))).Text("code"));
        Assert.Equal("forbidden", (await user.RequestErrorAsync(AnswerTests.Request("slow.report"))).Text("code"));
        Assert.Equal("forbidden", (await granted.RequestErrorAsync(AnswerTests.Request("slow.other"))).Text("code"));
        Assert.Empty(rig.Receiver.Calls);
        await user.RequestAsync(AnswerTests.Request("quick"), "response");
        await granted.RequestAsync(AnswerTests.Request("slow.report"), "response");
    }

    // Moments are drawn by lot: of six clients that ask, one has an early one. The window that counts is the one to which the cap has stretched it.
    [Theory]
    [InlineData("00:00:12", "0")]
    [InlineData("00:00:00.1", "2")]
    public async Task Drain_WaitsForTheAnswer_AsFarAsItsWindowReaches(string window, string closesPerSecond)
    {
        await using var rig = await RequestNode.StartAsync(
            ("Fanout:Drain:Window", window), ("Fanout:Drain:ClosesPerSecond", closesPerSecond), ("Fanout:Drain:Deadline", "00:00:25"), ("Fanout:Drain:Notice", "00:00:00"),
            // Longer than the latest of the first moments of six.
            ("Fanout:Rpc:Methods:1:Timeout", "00:01:00"));
        var release = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        rig.Receiver.Answer = (_, _) => release.Task;
        var asking = await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => rig.Node.ConnectAsync()));
        var idle = await Task.WhenAll(Enumerable.Range(0, 40).Select(_ => rig.Node.ConnectAsync()));
        foreach (var client in asking)
            await client.SendAsync(new JsonObject { ["type"] = "request", ["id"] = "r", ["method"] = "m" });
        await rig.Receiver.WaitAsync(6);

        rig.Node.Process.Terminate();

        var moments = new Dictionary<TestClient, long>();
        foreach (var client in asking.Concat(idle))
            moments[client] = (await client.ExpectTypeAsync("drain")).Payload().Integer("reconnectAfterMs")!.Value;
        var waiting = asking.MinBy(client => moments[client])!;
        // Its own moment has passed when this one's has.
        await idle.Where(client => moments[client] > moments[waiting]).MinBy(client => moments[client])!.WaitForCloseAsync(TimeSpan.FromSeconds(40));
        Assert.False(waiting.Closed.IsCompleted);
        release.SetResult();

        Assert.Equal("r", (await waiting.ExpectTypeAsync("response")).Text("id"));
        Assert.Equal((1001, TcpEnd.Fin), (await waiting.WaitForCloseAsync() is var close ? (close.Code, close.End) : default));
        Assert.Equal(0, await rig.Node.Process.WaitForExitAsync(TimeSpan.FromSeconds(40)));
        foreach (var client in asking.Concat(idle))
            await client.DisposeAsync();
    }

    [Fact]
    public async Task Payloads_AreInNoLog()
    {
        await using var rig = await RequestNode.StartAsync(("Logging:LogLevel:Default", "Trace"));
        rig.Receiver.Answer = static (_, context) =>
        {
            context.Response.StatusCode = (int)HttpStatusCode.InternalServerError;
            return AnswerTests.JsonAsync(context, "\"secret-answer\"");
        };
        await using var client = await rig.Node.ConnectAsync();

        await client.RequestErrorAsync(AnswerTests.Request("m", "secret-question"));
        await rig.Node.Process.WaitForLogAsync("it answered 500");

        foreach (var secret in new[] { "secret-question", "secret-answer", RequestNode.Secret })
            Assert.DoesNotContain(rig.Node.Process.Logs, line => line.Contains(secret, StringComparison.Ordinal));
    }
}
