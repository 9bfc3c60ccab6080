using System.Net;
using System.Net.Http.Headers;
using System.Text.Json.Nodes;
using Fanout.Client;
using Fanout.Publisher;
using Fanout.Tests.Client.Support;
using Fanout.Tests.TestKit;
using Xunit;

namespace Fanout.Tests.Client.Publishing;

/// <summary>The HTTP publisher against an API that is a script.</summary>
public sealed class PublisherTests
{
    private readonly FakeApi _api = new();

    [Fact]
    public async Task Publishes_CalledTogether_ShareRequests_AndKeepTheirOrder()
    {
        var first = new TaskCompletionSource();
        _api.Answer(async items =>
        {
            await first.Task;
            return FakeApi.TakeAll(items);
        });
        await using var publisher = Publisher(options => options with { MaxBatchSize = 100 });
        var all = Enumerable.Range(0, 251).Select(n => publisher.PublishAsync("a", n, Json.Default.Int32)).ToArray();
        await Eventually.TrueAsync(() => !_api.Bodies.IsEmpty, "the first request");
        Assert.Equal(251, publisher.Queued);
        var flushing = publisher.FlushAsync();
        first.SetResult();
        var pushed = await Task.WhenAll(all).WithDeadline("all acknowledgements");
        await flushing.WithDeadline("the flush");

        Assert.Equal(Enumerable.Range(0, 251).Select(n => $"m-{n}"), pushed.Select(one => one.MessageId));
        Assert.Equal(Enumerable.Range(0, 251), Items().Select(item => (int)item["payload"]!));
        Assert.InRange(_api.Bodies.Count, 3, 4);
        Assert.Equal(251, Items().Select(item => (string)item["key"]!).Distinct().Count());
        Assert.Equal("k", _api.ApiKey);
    }

    [Fact]
    public async Task Batch_StaysBelowItsBytes_AndALargePayloadGoesAlone()
    {
        var first = new TaskCompletionSource();
        _api.Answer(async items =>
        {
            await first.Task;
            return FakeApi.TakeAll(items);
        });
        await using var publisher = Publisher(options => options with { MaxBatchBytes = 1_024 });
        var one = publisher.PublishAsync("a", 1, Json.Default.Int32);
        await Eventually.TrueAsync(() => !_api.Bodies.IsEmpty, "the first request");
        Task[] more = [.. new[] { 600, 600, 3_000, 10 }.Select(length => publisher.PublishAsync("a", new string('x', length), Json.Default.String)), one];
        first.SetResult();
        await Task.WhenAll(more).WithDeadline("all acknowledgements");
        Assert.Equal([1, 1, 1, 1, 1], _api.Bodies.Select(body => JsonNode.Parse(body)!.AsArray().Count));
    }

    [Fact]
    public async Task Push_SaysUser_AndOptionsGoWithIt()
    {
        _api.Answer(_ => FakeApi.Results(new JsonObject { ["id"] = "m", ["nodes"] = 2, ["online"] = false }));
        await using var publisher = Publisher();
        var pushed = await publisher.PushAsync("Jörg", FakePayload("""{ "a": 1 }"""), new FanoutPushOptions { Key = "mine", Exclude = "c1" }).WithDeadline("the acknowledgement");
        Assert.Equal(new FanoutPushed("m", null, null, 2, false), pushed);
        Assert.Equal("""[{"user":"J\u00F6rg","key":"mine","exclude":"c1","payload":{ "a": 1 }}]""", _api.Bodies.Single());
    }

    [Fact]
    public async Task Request_ThatFailsForTheMoment_IsRepeatedByteForByte_AfterRetryAfter()
    {
        _api.Answer(_ =>
        {
            var refusal = FakeApi.Problem(HttpStatusCode.ServiceUnavailable, "backplane_unavailable", retryable: true);
            refusal.Headers.RetryAfter = new RetryConditionHeaderValue(TimeSpan.FromSeconds(1));
            return refusal;
        });
        _api.Answer((Func<JsonArray, HttpResponseMessage>)(_ => throw new HttpRequestException("reset")));
        _api.Answer(_ => new HttpResponseMessage(HttpStatusCode.BadGateway) { Content = new StringContent("<html>") });
        await using var publisher = Publisher();
        await publisher.PublishAsync("a", 1, Json.Default.Int32).WithDeadline("the acknowledgement");
        Assert.Equal(4, _api.Bodies.Count);
        Assert.Single(_api.Bodies.Distinct());
        var times = _api.Times.ToArray();
        Assert.True(times[1] - times[0] >= TimeSpan.FromMilliseconds(900), "Retry-After was 1 s.");
    }

    [Fact]
    public async Task Refusals_OfSingleMessages_AreTheirCallersOwn()
    {
        await using var publisher = Publisher();
        var all = await TogetherAsync(publisher, 4, items => FakeApi.Results(
            FakeApi.Taken(items[0]), FakeApi.ProblemOf(HttpStatusCode.Forbidden, "forbidden", false),
            FakeApi.ProblemOf(HttpStatusCode.ServiceUnavailable, "backplane_unavailable", true), FakeApi.Taken(items[3])));
        var error = await Assert.ThrowsAsync<FanoutException>(() => all[1].WithDeadline("the refusal"));
        Assert.Equal(("forbidden", false, HttpStatusCode.Forbidden), (error.Code, error.IsRetryable, error.StatusCode));
        Assert.Equal(["m-0", "m-2", "m-3"], (await Task.WhenAll(all[0], all[2], all[3]).WithDeadline("the others")).Select(one => one.MessageId));
        var bodies = _api.Bodies.Skip(1).Select(body => JsonNode.Parse(body)!.AsArray()).ToArray();
        Assert.Equal([4, 1], bodies.Select(body => body.Count));
        Assert.Equal(bodies[0][2]!.ToJsonString(), bodies[1][0]!.ToJsonString());
    }

    [Fact]
    public async Task Refusal_OfTheWholeRequest_IsTypedByItsProblem()
    {
        _api.Answer(_ => FakeApi.Problem(HttpStatusCode.Unauthorized, "unauthorized", false));
        await using var publisher = Publisher();
        var error = await Assert.ThrowsAsync<FanoutException>(() => publisher.PublishAsync("a", 1, Json.Default.Int32).WithDeadline("the refusal"));
        Assert.Equal(("unauthorized", "for people"), (error.Code, error.Message));
        Assert.Single(_api.Bodies);
        await publisher.PublishAsync("a", 2, Json.Default.Int32).WithDeadline("the next one");
    }

    [Fact]
    public async Task Outage_ThatOutlastsTheRetries_IsTold_AndThePublisherGoesOn()
    {
        for (var i = 0; i < 3; i++)
            _api.Answer((Func<JsonArray, HttpResponseMessage>)(_ => throw new HttpRequestException("refused")));
        await using var publisher = Publisher(options => options with { MaxRetries = 2 });
        var error = await Assert.ThrowsAsync<FanoutException>(() => publisher.PublishAsync("a", 1, Json.Default.Int32).WithDeadline("the end of the retries"));
        Assert.Equal(("connection_lost", true), (error.Code, error.IsRetryable));
        await publisher.PublishAsync("a", 2, Json.Default.Int32).WithDeadline("the next one");
    }

    [Fact]
    public async Task Answer_ThatNeverComes_IsATimeout()
    {
        for (var i = 0; i < 20; i++)
            _api.Answer(_ => new TaskCompletionSource<HttpResponseMessage>().Task);
        await using var publisher = Publisher(options => options with { AttemptTimeout = TimeSpan.FromMilliseconds(100), Timeout = TimeSpan.FromMilliseconds(300) });
        Assert.Equal("timeout", (await Assert.ThrowsAsync<FanoutException>(() => publisher.PublishAsync("a", 1, Json.Default.Int32).WithDeadline("the end"))).Code);
    }

    [Fact]
    public async Task AnswerThatNeverEnds_IsATimeoutToo_AndThePublisherGoesOn()
    {
        // Headers, the beginning of a body, and nothing more; an answer for each attempt that there is time for.
        for (var i = 0; i < 60; i++)
            _api.Answer(_ => new HttpResponseMessage(HttpStatusCode.OK) { Content = new StreamContent(new BrokenBody(null)) });
        await using var publisher = Publisher(options => options with { AttemptTimeout = TimeSpan.FromMilliseconds(100), Timeout = TimeSpan.FromSeconds(5) });
        Assert.Equal("timeout", (await Assert.ThrowsAsync<FanoutException>(() => publisher.PublishAsync("a", 1, Json.Default.Int32).WithDeadline("the end"))).Code);
        Assert.InRange(_api.Bodies.Count, 2, 60);
        await Eventually.TrueAsync(() => publisher.Queued == 0, "nothing to be queued");
    }

    [Fact]
    public async Task AnswerThatIsCutOff_IsAskedForAgain_WithTheSameKeys()
    {
        _api.Answer(_ => new HttpResponseMessage(HttpStatusCode.OK) { Content = new StreamContent(new BrokenBody(new IOException("reset"))) });
        await using var publisher = Publisher();
        await publisher.PublishAsync("a", 1, Json.Default.Int32).WithDeadline("the acknowledgement");
        Assert.Equal(2, _api.Bodies.Count);
        Assert.Single(_api.Bodies.Distinct());
    }

    [Fact]
    public async Task Result_ThatCannotBeRead_IsItsOwnMessagesTrouble()
    {
        await using var publisher = Publisher();
        var all = await TogetherAsync(publisher, 3, items => FakeApi.Results(
            FakeApi.ProblemOf(HttpStatusCode.ServiceUnavailable, "backplane_unavailable", true), new JsonObject { ["id"] = 7 }, FakeApi.Taken(items[2])));
        Assert.Equal("bad_message", (await Assert.ThrowsAsync<FanoutException>(() => all[1].WithDeadline("the trouble"))).Code);
        Assert.Equal(["m-0", "m-2"], (await Task.WhenAll(all[0], all[2]).WithDeadline("the others")).Select(one => one.MessageId));
        Assert.Equal([3, 1], _api.Bodies.Skip(1).Select(body => JsonNode.Parse(body)!.AsArray().Count));
    }

    [Fact]
    public async Task Queue_IsBoundedInBytes_ButOneMessageIsAlwaysTaken()
    {
        var first = new TaskCompletionSource();
        _api.Answer(async items =>
        {
            await first.Task;
            return FakeApi.TakeAll(items);
        });
        await using var publisher = Publisher(options => options with { MaxQueuedBytes = 1_024 });
        var large = publisher.PublishAsync("a", new string('x', 3_000), Json.Default.String);
        Assert.Equal("buffer_full", (await Assert.ThrowsAsync<FanoutException>(() => publisher.PublishAsync("a", 1, Json.Default.Int32))).Code);
        first.SetResult();
        await large.WithDeadline("the large one");
        await publisher.FlushAsync().WithDeadline("the flush");
        await publisher.PublishAsync("a", 1, Json.Default.Int32).WithDeadline("the next one");
    }

    [Fact]
    public async Task Nonsense_OfTheApi_IsTold()
    {
        _api.Answer(_ => new HttpResponseMessage(HttpStatusCode.OK) { Content = new StringContent("<html>") });
        _api.Answer(_ => FakeApi.Results());
        await using var publisher = Publisher();
        for (var i = 0; i < 2; i++)
            Assert.Equal("bad_message", (await Assert.ThrowsAsync<FanoutException>(() => publisher.PublishAsync("a", 1, Json.Default.Int32).WithDeadline("the end"))).Code);
    }

    [Fact]
    public async Task Queue_IsBounded_AndACancelledMessageIsNotSent()
    {
        var first = new TaskCompletionSource();
        _api.Answer(async items =>
        {
            await first.Task;
            return FakeApi.TakeAll(items);
        });
        await using var publisher = Publisher(options => options with { MaxQueued = 3 });
        var one = publisher.PublishAsync("a", 1, Json.Default.Int32);
        await Eventually.TrueAsync(() => !_api.Bodies.IsEmpty, "the first request");
        using var cancel = new CancellationTokenSource();
        var two = publisher.PublishAsync("a", 2, Json.Default.Int32, cancellationToken: cancel.Token);
        var three = publisher.PublishAsync("a", 3, Json.Default.Int32);
        Assert.Equal("buffer_full", (await Assert.ThrowsAsync<FanoutException>(() => publisher.PublishAsync("a", 4, Json.Default.Int32))).Code);
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => two);
        first.SetResult();
        await Task.WhenAll(one, three).WithDeadline("the others");
        Assert.Equal([1, 3], Items().Select(item => (int)item["payload"]!));
        await publisher.FlushAsync().WithDeadline("the flush");
        Assert.Equal(0, publisher.Queued);
    }

    [Fact]
    public async Task Dispose_SendsWhatWaits_AndFailsWhatCannotBeSent()
    {
        var publisher = Publisher();
        var all = Enumerable.Range(0, 10).Select(n => publisher.PublishAsync("a", n, Json.Default.Int32)).ToArray();
        await publisher.DisposeAsync();
        Assert.All(all, one => Assert.True(one.IsCompletedSuccessfully));
        Assert.Equal("closed", (await Assert.ThrowsAsync<FanoutException>(() => publisher.PublishAsync("a", 1, Json.Default.Int32))).Code);

        _api.Answer(_ => new TaskCompletionSource<HttpResponseMessage>().Task);
        var stuck = Publisher(options => options with { Timeout = TimeSpan.FromMilliseconds(300), AttemptTimeout = TimeSpan.FromSeconds(60) });
        var lost = stuck.PublishAsync("a", 1, Json.Default.Int32);
        await stuck.DisposeAsync();
        Assert.Contains((await Assert.ThrowsAsync<FanoutException>(() => lost)).Code, new[] { "closed", "timeout" });
    }

    [Fact]
    public void Options_OutOfRange_AreRefusedByName()
    {
        var good = new FanoutPublisherOptions { Url = "http://x", ApiKey = "k" };
        FanoutPublisherOptions[] bad = [good with { Url = "x" }, good with { ApiKey = "" }, good with { MaxBatchSize = 1_001 }, good with { Timeout = TimeSpan.FromHours(1) }];
        foreach (var options in bad)
            Assert.StartsWith("FanoutPublisherOptions.", Assert.Throws<ArgumentException>(() => new FanoutPublisher(options)).Message, StringComparison.Ordinal);
    }

    /// <summary>One byte, and then the error, or nothing for ever.</summary>
    private sealed class BrokenBody(Exception? error) : Stream
    {
        private bool _begun;

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            if (_begun)
            {
                if (error is not null)
                    throw error;
                await Task.Delay(Timeout.Infinite, cancellationToken);
            }

            _begun = true;
            buffer.Span[0] = (byte)'{';
            return 1;
        }

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override void Flush() => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }

    /// <summary>
    /// Publishes 0, 1, 2 ... in one request by construction: they are queued while the first one, another message's, has no answer.
    /// </summary>
    private async Task<Task<FanoutPushed>[]> TogetherAsync(FanoutPublisher publisher, int count, Func<JsonArray, HttpResponseMessage> answer)
    {
        var released = new TaskCompletionSource();
        _api.Answer(async items =>
        {
            await released.Task;
            return FakeApi.TakeAll(items);
        });
        _api.Answer(answer);
        var ahead = publisher.PublishAsync("a", -1, Json.Default.Int32);
        await Eventually.TrueAsync(() => !_api.Bodies.IsEmpty, "the first request");
        var all = Enumerable.Range(0, count).Select(n => publisher.PublishAsync("a", n, Json.Default.Int32)).ToArray();
        Assert.Single(_api.Bodies);
        released.SetResult();
        await ahead.WithDeadline("the one that went ahead");
        return all;
    }

    private static FanoutPayload FakePayload(string json) => FanoutPayload.FromJson(json);

    private IEnumerable<JsonNode> Items() => _api.Bodies.SelectMany(body => JsonNode.Parse(body)!.AsArray()).Select(item => item!);

    private FanoutPublisher Publisher(Func<FanoutPublisherOptions, FanoutPublisherOptions>? change = null)
    {
        var options = new FanoutPublisherOptions
        {
            Url = "http://api.test",
            ApiKey = "k",
            RetryDelay = TimeSpan.FromMilliseconds(10),
            CreateHandler = () => _api,
        };
        return new FanoutPublisher(change?.Invoke(options) ?? options);
    }
}
