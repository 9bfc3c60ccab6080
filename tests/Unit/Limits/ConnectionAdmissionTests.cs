using System.Net;
using Fanout.Node.Connections.Handshake;
using Fanout.Node.Diagnostics;
using Fanout.Node.Limits;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Fanout.Tests.Unit.Limits;

public sealed class ConnectionAdmissionTests : IDisposable
{
    private static readonly IPAddress Here = IPAddress.Parse("192.0.2.1");

    private readonly FakeTimeProvider _time = new();
    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private readonly FanoutMetrics _metrics;

    public ConnectionAdmissionTests() => _metrics = new FanoutMetrics(_services.GetRequiredService<System.Diagnostics.Metrics.IMeterFactory>());

    [Fact]
    public void Places_AreExact_UnderConcurrency_AndComeBack()
    {
        var admission = New(new LimitsOptions { MaxConnections = 50, MaxConnectionsPerIp = 20 });
        for (var round = 0; round < 20; round++)
        {
            var tickets = new System.Collections.Concurrent.ConcurrentBag<ConnectionTicket>();
            Parallel.For(0, 400, i =>
            {
                if (admission.Enter(IPAddress.Parse($"192.0.2.{i % 5}"), out var ticket) is null)
                    tickets.Add(ticket!);
            });

            // No fewer either: what a refusal reserved for a moment may cost another one its place, but never both addresses and node are far from full.
            Assert.InRange(tickets.Count, 20, 50);
            Assert.All(tickets.CountBy(ticket => ticket.Address!.Value), address => Assert.InRange(address.Value, 1, 20));
            Parallel.ForEach(tickets, ticket =>
            {
                ticket.Release();
                ticket.Release();
            });
        }

        // Everything was given back, once.
        var again = Enumerable.Range(0, 50).Select(i => (admission.Enter(IPAddress.Parse($"192.0.2.{i % 5}"), out var ticket), ticket)).ToList();
        Assert.All(again, entry => Assert.Null(entry.Item1));
        Assert.Equal(503, admission.Enter(Here, out _)!.Status);
    }

    [Fact]
    public void Addresses_OfOneIPv6Network_AreOne_AndMappedOnesAreIPv4()
    {
        Assert.Equal(Key("2001:db8:1:2::1"), Key("2001:db8:1:2:ffff::9"));
        Assert.NotEqual(Key("2001:db8:1:2::1"), Key("2001:db8:1:3::1"));
        Assert.Equal(Key("192.0.2.1"), Key("::ffff:192.0.2.1"));
        Assert.NotEqual(Key("192.0.2.1"), Key("192.0.2.2"));

        static UInt128 Key(string address) => ConnectionAdmission.KeyOf(IPAddress.Parse(address));
    }

    [Fact]
    public void User_MayHaveSoMany_OnWhateverAddress()
    {
        var admission = New(new LimitsOptions { MaxConnectionsPerUser = 2 });
        var tickets = new List<ConnectionTicket?>();
        for (var i = 0; i < 3; i++)
        {
            Assert.Null(admission.Enter(IPAddress.Parse($"192.0.2.{i}"), out var ticket));
            tickets.Add(ticket);
        }

        Assert.Null(admission.EnterUser(tickets[0], "ann"));
        Assert.Null(admission.EnterUser(tickets[1], "ann"));
        Assert.Equal(429, admission.EnterUser(tickets[2], "ann")!.Status);
        Assert.Null(admission.EnterUser(tickets[2], "bob"));
        tickets[0]!.Release();
        Assert.Null(admission.Enter(Here, out var next));
        Assert.Null(admission.EnterUser(next, "ann"));
    }

    // Those whom a node sends away together must not come to the next one in one and the same second.
    [Fact]
    public void Refusals_OfANodeThatDrains_SayDifferentTimes()
    {
        var waits = Enumerable.Range(0, 200).Select(_ => ConnectionAdmission.Draining().RetryAfterSeconds).ToList();

        Assert.All(waits, wait => Assert.InRange(wait, 1, 4));
        Assert.Equal(4, waits.Distinct().Count());
    }

    [Theory]
    [InlineData(0, null)]
    [InlineData(5_000, 6_000L)]
    public void TcpConnections_OfAnEndpoint_AreBoundedWhereSocketsAre(int maxConnections, long? expected) =>
        Assert.Equal(expected, new LimitsOptions { MaxConnections = maxConnections }.MaxTcpConnections);

    // A storm that keeps to its Retry-After comes back at the rate at which it is let in.
    [Fact]
    public void Storm_IsSpread_AndLetInAtTheRate()
    {
        const int Rate = 500;
        const int Clients = 5_000;
        var admission = New(new LimitsOptions { ConnectionsPerSecond = Rate });
        var waiting = new SortedDictionary<int, int> { [0] = Clients };
        var (letIn, second, worst) = (0, 0, 0);
        for (; letIn < Clients && second < 60; second++)
        {
            waiting.Remove(second, out var arrivals);
            if (second > 0)
                worst = Math.Max(worst, arrivals);
            for (var i = 0; i < arrivals; i++)
            {
                if (admission.Enter(Here, out _) is not { } refusal)
                    letIn++;
                else
                    waiting[second + refusal.RetryAfterSeconds] = waiting.GetValueOrDefault(second + refusal.RetryAfterSeconds) + 1;
            }

            _time.Advance(TimeSpan.FromSeconds(1));
        }

        Assert.Equal(Clients, letIn);
        Assert.InRange(second, 9, 20);
        // In no second does much more than the rate come, though the whole seconds of Retry-After blur the places.
        Assert.InRange(worst, 1, Rate * 2);
    }

    [Fact]
    public void NoLimits_HoldNothing()
    {
        Assert.Null(New(new LimitsOptions()).Enter(Here, out var ticket));
        Assert.Null(ticket);
    }

    [Theory]
    [InlineData("10.0.0.1", "203.0.113.7", "203.0.113.7")]
    [InlineData("10.0.0.1", "198.51.100.1, 203.0.113.7", "203.0.113.7")]
    [InlineData("10.0.0.1", "198.51.100.1, 203.0.113.7, 10.0.0.9", "203.0.113.7")]
    [InlineData("::ffff:10.0.0.1", "203.0.113.7:4711", "203.0.113.7")]
    [InlineData("10.0.0.1", "[2001:db8::1]:4711", "2001:db8::1")]
    [InlineData("10.0.0.1", "rubbish", "10.0.0.1")]
    [InlineData("10.0.0.1", "203.0.113.7, rubbish", "10.0.0.1")]
    [InlineData("10.0.0.1", null, "10.0.0.1")]
    [InlineData("10.0.0.1", ",,,", "10.0.0.1")]
    [InlineData("192.0.2.1", "203.0.113.7", "192.0.2.1")]
    public void ForwardedFor_IsBelieved_AsFarAsKnownProxiesWroteIt(string peer, string? header, string client)
    {
        var addresses = new ClientAddress(new ProxyOptions { Known = ["10.0.0.0/8"] });

        Assert.Equal(IPAddress.Parse(client), addresses.Apply(new HandshakeRequest { RemoteAddress = IPAddress.Parse(peer), ForwardedFor = header }).RemoteAddress);
    }

    [Theory]
    [InlineData("10.0.0.1", "site.example")]
    [InlineData("192.0.2.1", "node")]
    public void ForwardedHost_IsBelieved_OfKnownProxiesAlone(string peer, string host)
    {
        var request = new HandshakeRequest { RemoteAddress = IPAddress.Parse(peer), Host = "node", ForwardedHost = "site.example" };

        Assert.Equal(host, new ClientAddress(new ProxyOptions { Known = ["10.0.0.1"] }).Apply(request).Host);
    }

    public void Dispose()
    {
        _metrics.Dispose();
        _services.Dispose();
    }

    private ConnectionAdmission New(LimitsOptions limits) => new(limits, _time, _metrics);
}
