using Fanout.Tests.Chaos.Checking;
using Fanout.Tests.Chaos.Faults;
using Fanout.Tests.Chaos.Recordings;

namespace Fanout.Tests.Chaos;

/// <param name="Connects">Connections of all subscribers.</param>
/// <param name="Settled">How long everything took to come to rest after healing.</param>
/// <param name="NodeErrors">What the nodes logged as errors.</param>
/// <param name="Drains">Every <c>drain</c> that a subscriber got.</param>
internal sealed record ChaosResult(
    ChaosOptions Options,
    Recording Recording,
    IReadOnlyList<Violation> Violations,
    IReadOnlyList<(TimeSpan From, TimeSpan To, FaultStep Step)> Faults,
    int Attempts,
    int Connects,
    int Subscribers,
    TimeSpan Settled,
    TimeSpan Took,
    IReadOnlyList<string> NodeErrors,
    IReadOnlyList<DrainNotice> Drains);
