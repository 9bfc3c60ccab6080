using Fanout.Tests.Integration.Support;
using Fanout.Tests.TestKit;
using Fanout.Tests.TestKit.Clients;
using Fanout.Tests.TestKit.Redis;
using Xunit;

namespace Fanout.Tests.Integration.Webhooks;

/// <summary>At least once, with the same id, in order; what cannot be delivered is not lost silently.</summary>
public sealed class DeliveryTests(RedisFixture redis)
{
    [Fact]
    public async Task Receiver_ThatFails_GetsTheSameEventsAgain_InOrder()
    {
        await using var rig = await WebhookRig.StartAsync(redis);
        var answers = new Queue<int>([500, 0, -1, 302, 404, 429]);
        rig.Receiver.Status = _ => answers.TryDequeue(out var status) ? status : 204;
        var rooms = Enumerable.Range(0, 5).Select(_ => Rooms.New()).ToList();
        await using var client = await rig.First.ConnectAsync();

        foreach (var room in rooms)
        {
            await client.JoinAsync(room);
            // So that the order of the events is certain.
            await rig.Receiver.Http.WaitAsync(1);
            await Eventually.TrueAsync(async () => await rig.Redis.Database.SetContainsAsync(rig.Redis.Prefix + "{$webhooks}:occupied", room), "the event in the queue");
        }

        await rig.Receiver.WaitAsync(_ => rig.Receiver.Once.Count >= 5, "all events");

        Assert.Equal(rooms, rig.Receiver.Once.Select(item => item.Subject));
        var calls = rig.Receiver.Http.Calls;
        // On a busy machine a try can end in a timeout before it comes here.
        Assert.All(calls.Take(7).Zip(calls.Skip(1).Take(6)), pair => Assert.True(WebhookReceiver.AttemptOf(pair.First) < WebhookReceiver.AttemptOf(pair.Second)));
        Assert.All(calls, call => Assert.Equal("/hook?key=hidden", call.Path)); // The 302 was not followed.
        Assert.All(calls.Take(7), call => Assert.Equal(rig.Receiver.Taken[0].Id, WebhookReceiver.EventsOf(call)[0].Id));
        await WaitForLogAsync(rig, "does not take its events");
        await WaitForLogAsync(rig, "takes its events again");
    }

    // The node that sends dies with events on its hands, and with rooms and users that nobody told of yet.
    [Fact]
    public async Task NodeThatIsKilled_LeavesItsEventsToTheOther()
    {
        await using var rig = await WebhookRig.StartAsync(redis);
        var (shared, alone) = (Rooms.New("presence"), Rooms.New("presence"));
        await using var staying = await rig.Second.JoinAsync(shared);
        await rig.Receiver.WaitForAsync("member.joined", staying.ClientId);
        rig.Receiver.Status = _ => 503;
        await using var lost = await WebhookRig.ConnectAsync(rig.First, "ann");
        await lost.JoinAsync(shared);
        await lost.JoinAsync(alone);
        await rig.Receiver.Http.WaitAsync(calls => calls.Any(call => call.Text.Contains("\"ann\"", StringComparison.Ordinal)), "an event that is not taken");
        await Eventually.TrueAsync(async () => await rig.Redis.Database.SetContainsAsync(rig.Redis.Prefix + "{$webhooks}:occupied", alone), "an event behind it in the queue");

        await rig.First.Process.KillAsync();
        rig.Receiver.Status = _ => 200;

        await rig.Receiver.WaitForAsync("user.offline", "ann");
        await rig.Receiver.WaitForAsync("room.vacated", alone);
        await rig.Receiver.WaitAsync(taken => taken.Count(item => item.Type == "member.left" && item.Subject == lost.ClientId) >= 2, "the dead node's members to leave");
        await rig.EverythingIsToldAsync();

        var once = rig.Receiver.Once;
        Assert.Equal(["user.online", "user.offline"], once.Where(item => item.Subject == "ann").Select(item => item.Type));
        Assert.Equal(["room.occupied", "room.vacated"], once.Where(item => item.Subject == alone).Select(item => item.Type));
        Assert.Equal(["room.occupied"], once.Where(item => item.Subject == shared).Select(item => item.Type));
        Assert.Equal(
            ["member.joined", "member.joined", "member.left", "member.left"], once.Where(item => item.Subject == lost.ClientId).Select(item => item.Type));
    }

    [Fact]
    public async Task ManyMembersOfADeadNode_ComeInBatches()
    {
        await using var rig = await WebhookRig.StartAsync(redis, ("Fanout:Webhooks:0:BatchSize", "50"), ("Fanout:Limits:MaxRoomsPerConnection", "0"));
        var rooms = Enumerable.Range(0, 20).Select(_ => Rooms.New("presence")).ToList();
        var clients = new List<TestClient>();
        try
        {
            for (var i = 0; i < 20; i++)
            {
                var client = await rig.First.ConnectAsync();
                clients.Add(client);
                await Task.WhenAll(rooms.Select(room => client.JoinAsync(room)));
            }

            await rig.Receiver.WaitAsync(taken => taken.Count(item => item.Type == "member.joined") >= 400, "everybody's join");
            await rig.First.Process.KillAsync();
            await rig.Receiver.WaitAsync(taken => taken.Count(item => item.Type == "member.left") >= 400, "everybody's leave");
            await rig.Receiver.WaitAsync(taken => taken.Count(item => item.Type == "room.vacated") >= 20, "every room's end");
        }
        finally
        {
            foreach (var client in clients)
                await client.DisposeAsync();
        }

        await rig.EverythingIsToldAsync();
        var once = rig.Receiver.Once;
        Assert.Equal(400, once.Count(item => item.Type == "member.left"));
        Assert.All(rig.Receiver.Http.Calls, call => Assert.InRange(WebhookReceiver.EventsOf(call).Count, 1, 50));
        // 20 leaves of one room come out of it together.
        Assert.Contains(rig.Receiver.Http.Calls, call => WebhookReceiver.EventsOf(call).Count >= 20);
        // Every room's own events have been taken over.
        foreach (var key in (await rig.Redis.KeysAsync()).Where(key => key.EndsWith("}:events", StringComparison.Ordinal) && key.Contains("presence", StringComparison.Ordinal)))
            Assert.Equal(0, await rig.Redis.Database.StreamLengthAsync(key));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Receiver_ThatNeverTakesThem_LeavesDeadLetters_ThatCanBeReplayed(bool isFleet)
    {
        await using var rig = await WebhookRig.StartAsync(isFleet ? redis : null, WebhookRig.Patient, ("Fanout:Webhooks:0:MaxAttempts", "3"));
        var room = Rooms.New();
        rig.Receiver.Status = _ => 500;
        await using var client = await rig.First.JoinAsync(room);
        await WaitForLogAsync(rig, "are dead for the webhook receiver all after 3 tries");
        Assert.Equal(3, rig.Receiver.Http.Calls.Count);

        var dead = (await rig.Second.Api.GetAsync("/api/v1/webhooks/dead")).Ok["items"]!.AsArray().Single()!;
        Assert.Equal(("all", 3, "it answered 500"), ((string?)dead["endpoint"], (int?)dead["attempts"], (string?)dead["error"]));
        Assert.Equal(("room.occupied", room), ((string?)dead["event"]!["type"], (string?)dead["event"]!["room"]));
        var state = (await rig.Second.Api.GetAsync("/api/v1/webhooks")).Ok["items"]!.AsArray().Single()!;
        Assert.Equal((rig.Receiver.Http.Url + "hook", 1, 0), ((string?)state["url"], (int?)state["dead"], (int?)state["pending"]));
        Assert.Equal("it answered 500", (string?)state["lastError"]);
        var metrics = (await rig.First.Api.GetAsync("/metrics")).Text + (await rig.Second.Api.GetAsync("/metrics")).Text;
        Assert.Contains("fanout_webhooks_dead", metrics, StringComparison.Ordinal);

        rig.Receiver.Status = _ => 200;
        Assert.Equal(404, (int)(await rig.First.Api.SendAsync(HttpMethod.Post, "/api/v1/webhooks/dead/replay?endpoint=unknown")).Status);
        var replay = await rig.First.Api.SendAsync(HttpMethod.Post, "/api/v1/webhooks/dead/replay?endpoint=all");
        Assert.Equal("""{"replayed":1}""", replay.Text);
        var taken = await rig.Receiver.WaitForAsync("room.occupied", room);
        Assert.Equal((string?)dead["event"]!["id"], taken.Id);
        Assert.Equal("""{"items":[]}""", (await rig.First.Api.GetAsync("/api/v1/webhooks/dead")).Text);
    }

    // While a batch is tried again and again, more events come: they have tries of their own.
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Batch_ThatDies_TakesNoLaterEventWithIt(bool isFleet)
    {
        await using var rig = await WebhookRig.StartAsync(isFleet ? redis : null, WebhookRig.Patient, ("Fanout:Webhooks:0:MaxAttempts", "4"));
        var (early, late) = (Rooms.New(), Rooms.New());
        var isLateThere = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        // Before the third try of the early one is answered, the late one is in the queue.
        rig.Receiver.Before = call => WebhookReceiver.AttemptOf(call) < 3 ? Task.CompletedTask : isLateThere.Task;
        rig.Receiver.Status = call => call.Text.Contains(early, StringComparison.Ordinal) ? 500 : 200;
        await using var client = await rig.First.JoinAsync(early);
        await rig.Receiver.Http.WaitAsync(calls => calls.Any(call => WebhookReceiver.AttemptOf(call) == 3), "the third try");
        await client.JoinAsync(late);
        await Eventually.TrueAsync(async () => (int)(await rig.First.Api.GetAsync("/api/v1/webhooks")).Ok["items"]![0]!["pending"]! == 2, "the late event in the queue");
        isLateThere.SetResult();

        await rig.Receiver.WaitForAsync("room.occupied", late);

        var dead = (await rig.First.Api.GetAsync("/api/v1/webhooks/dead")).Ok["items"]!.AsArray().Single()!;
        Assert.Equal((early, 4), ((string?)dead["event"]!["room"], (int?)dead["attempts"]));
        Assert.DoesNotContain(rig.Receiver.Http.Calls, call => call.Text.Contains(early, StringComparison.Ordinal) && call.Text.Contains(late, StringComparison.Ordinal));
    }

    // One event that a receiver chokes on takes no other with it.
    [Fact]
    public async Task EventThatIsRefused_DiesAlone()
    {
        await using var rig = await WebhookRig.StartAsync(redis, WebhookRig.Patient);
        var rooms = Enumerable.Range(0, 8).Select(_ => Rooms.New()).ToList();
        rig.Receiver.Status = _ => 503;
        await using var client = await rig.First.ConnectAsync();
        await Task.WhenAll(rooms.Select(room => client.JoinAsync(room)));
        await Eventually.TrueAsync(async () => await rig.Redis.Database.SetLengthAsync(rig.Redis.Prefix + "{$webhooks}:occupied") == 8, "all events in the queue");

        rig.Receiver.Status = call => call.Text.Contains(rooms[3], StringComparison.Ordinal) ? 422 : 200;
        await rig.Receiver.WaitAsync(_ => rig.Receiver.Once.Count >= 7, "all others");

        await WaitForLogAsync(rig, "are dead for the webhook receiver all");
        Assert.Equal(rooms.Where(room => room != rooms[3]).Order(), rig.Receiver.Once.Select(item => item.Subject).Order());
        var dead = (await rig.First.Api.GetAsync("/api/v1/webhooks/dead")).Ok["items"]!.AsArray().Single()!;
        Assert.Equal(rooms[3], (string?)dead["event"]!["room"]);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task QueueThatIsFull_LosesTheOldest_AndSaysSo(bool isFleet)
    {
        await using var rig = await WebhookRig.StartAsync(
            isFleet ? redis : null, ("Fanout:WebhookQueue:MaxEvents", "100"), ("Fanout:Webhooks:0:BatchSize", "10"), ("Fanout:Limits:MaxRoomsPerConnection", "0"));
        rig.Receiver.Status = _ => 503;
        await using var client = await rig.First.ConnectAsync();
        await client.JoinAsync("first");
        await rig.Receiver.Http.WaitAsync(1);
        var rooms = Enumerable.Range(0, 150).Select(i => $"room-{i}").ToList();
        await Task.WhenAll(rooms.Select(room => client.JoinAsync(room)));
        await Eventually.TrueAsync(
            async () => (await rig.First.Api.GetAsync("/api/v1/webhooks")).Ok["items"]![0]! is var state && (int)state["pending"]! + (int)state["lost"]! == 151,
            "all events in the queue");
        // The batch on its way was taken out before the last events came: what it holds of those that are lost must not be taken.
        var tries = rig.Receiver.Http.Calls.Count;
        await rig.Receiver.Http.WaitAsync(tries + 2);

        rig.Receiver.Status = _ => 200;
        await rig.Receiver.WaitAsync(taken => taken.Count >= 100, "what is left");

        await WaitForLogAsync(rig, "events were lost for the webhook receiver all");
        Assert.Equal(51, (int?)(await rig.First.Api.GetAsync("/api/v1/webhooks")).Ok["items"]![0]!["lost"]);
        await rig.EverythingIsToldAsync();
        Assert.Equal(100, rig.Receiver.Once.Count(item => item.Subject.StartsWith("room-", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Churn_EndsWithTheTruth_AndTellsItInTurns()
    {
        await using var rig = await WebhookRig.StartAsync(redis, ("Fanout:WebhookQueue:VacatedDelay", "00:00:00.05"), ("Fanout:WebhookQueue:OfflineDelay", "00:00:00.05"));
        var rooms = Enumerable.Range(0, 6).Select(i => Rooms.New(i % 2 == 0 ? "room" : "presence")).ToList();
        var failing = new Random(7);
        rig.Receiver.Status = _ =>
        {
            lock (failing)
                return failing.Next(4) == 0 ? 500 : 200;
        };

        await Task.WhenAll(Enumerable.Range(0, 8).Select(i => ChurnAsync(i)));
        // Half of the rooms stay occupied.
        await using var last = await rig.First.ConnectAsync();
        foreach (var room in rooms.Take(3))
            await last.JoinAsync(room);
        await rig.EverythingIsToldAsync();
        // A room that was entered and left between two looks was never told of, and so is empty for the receiver too (docs/webhooks.md, "The end is the truth").
        await rig.Receiver.WaitAsync(
            _ => rooms.All(room => rooms.IndexOf(room) < 3 ? LastOf(room) == "room.occupied" : LastOf(room) is null or "room.vacated")
                && Enumerable.Range(0, 8).All(i => LastOf($"user-{i}") == "user.offline"),
            "the truth of every room and every user");

        var once = rig.Receiver.Once;
        foreach (var room in rooms)
        {
            var types = once.Where(item => item.Subject == room).Select(item => item.Type).ToList();
            Assert.All(types.Index(), item => Assert.Equal(item.Index % 2 == 0 ? "room.occupied" : "room.vacated", item.Item));
        }

        foreach (var member in once.Where(item => item.Type.StartsWith("member.", StringComparison.Ordinal) && item.Subject != last.ClientId).GroupBy(item => item.Subject + (string?)item.Json["room"]))
            Assert.All(member.Index(), item => Assert.Equal(item.Index % 2 == 0 ? "member.joined" : "member.left", item.Item.Type));

        string? LastOf(string subject) => rig.Receiver.Once.LastOrDefault(item => item.Subject == subject)?.Type;

        async Task ChurnAsync(int seed)
        {
            var random = new Random(seed);
            for (var round = 0; round < 6; round++)
            {
                await using var client = await WebhookRig.ConnectAsync(random.Next(2) == 0 ? rig.First : rig.Second, $"user-{seed}");
                var joined = rooms.Where(_ => random.Next(2) == 0).ToList();
                await Task.WhenAll(joined.Select(room => client.JoinAsync(room)));
                foreach (var room in joined.Where(_ => random.Next(2) == 0))
                    await client.LeaveAsync(room);
                // On a fast machine a user could come and go between two looks in every round: in one of them each stays until told of.
                if (round == 2)
                    await rig.Receiver.WaitAsync(_ => LastOf($"user-{seed}") == "user.online", $"user-{seed} online");
                if (random.Next(2) == 0)
                    client.Abort();
                else
                    await client.CloseAsync();
            }
        }
    }

    [Fact]
    public async Task RedisThatIsAway_DelaysEvents_AndLosesNone()
    {
        await using var own = await OwnRedis.StartAsync();
        await using var rig = await WebhookRig.StartAsync(null, ("Fanout:Redis:ConnectionString", own.ConnectionString), ("Fanout:Redis:CommandTimeout", "00:00:01"), ("Fanout:Health:ProbeInterval", "00:00:00.2"), ("Fanout:Health:ProbeTimeout", "00:00:00.5"));
        var room = Rooms.New();
        await using var watching = await rig.First.ConnectAsync();
        await using var client = await rig.First.JoinAsync(room);
        await rig.Receiver.WaitForAsync("room.occupied", room);

        own.Pause();
        await FaultyRedis.ToldAsync(watching, "degraded");
        client.Abort();
        own.Resume();
        await FaultyRedis.ToldAsync(watching, "healthy");

        await rig.Receiver.WaitForAsync("room.vacated", room);
        Assert.Equal(["room.occupied", "room.vacated"], rig.Receiver.Once.Where(item => item.Subject == room).Select(item => item.Type));
    }

    private static Task WaitForLogAsync(WebhookRig rig, string text) => Eventually.TrueAsync(
        () => rig.First.Process.Logs.Concat(rig.Second.Process.Logs).Any(line => line.Contains(text, StringComparison.Ordinal)),
        $"\"{text}\" in a log",
        context: () => rig.First.Process.LogTail() + rig.Second.Process.LogTail());
}
