using Fanout.Tests.Chaos.Workload;

namespace Fanout.Tests.Chaos.Faults;

internal sealed class ClientFaults(IReadOnlyList<Subscriber> subscribers)
{
    public Task RunAsync(FaultStep step)
    {
        var random = new Random(step.Variant);
        var some = subscribers.Where(_ => random.Next(3) == 0).ToList();
        foreach (var subscriber in some)
        {
            if (step.Kind == FaultKind.ClientsCut)
                subscriber.Cut();
        }

        if (step.Kind == FaultKind.ClientsStalled)
        {
            foreach (var subscriber in subscribers.Where(subscriber => subscriber.IsSlow || random.Next(4) == 0))
                subscriber.Stall(step.Lasts);
        }

        return Task.CompletedTask;
    }
}
