using System.Diagnostics.Metrics;
using System.Text;
using Fanout.Node.Backplane;
using Fanout.Node.Diagnostics;
using Fanout.Node.Publishing;
using Fanout.Node.Rooms;
using Fanout.Shared.Envelopes;
using Fanout.Shared.Protocol;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Fanout.Tests.Unit.Publishing;

public sealed class PublisherTests
{
    // Thrown at the caller, it would end the loop that reads the connection.
    [Fact]
    public async Task MessageThatCannotBeEncoded_FailsAlone()
    {
        await using var services = new ServiceCollection().AddMetrics().BuildServiceProvider();
        // It does not get as far as the backplane.
        var metrics = new FanoutMetrics(services.GetRequiredService<IMeterFactory>());
        var publisher = new Publisher(
            null!, new RoomPolicies([]), new MessageIds(), new FleetClock(TimeProvider.System), new TraceSampling(new TelemetryOptions(), TimeProvider.System, metrics), metrics);
        var tooLongAnId = new string('x', 300);

        var publish = publisher.PublishAsync(
            new PublishRequest("room", new Payload(WireFormat.Json, Encoding.UTF8.GetBytes("1")), new Sender(tooLongAnId, null), null, PublishSource.Socket, "anonymous", null), out _);

        await Assert.ThrowsAsync<OverflowException>(() => publish.AsTask());
    }
}
