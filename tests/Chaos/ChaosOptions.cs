using System.Globalization;
using Fanout.Tests.Chaos.Faults;

namespace Fanout.Tests.Chaos;

/// <summary>What a run is made of; the environment overrides it, so that a failure can be replayed and a run be long.</summary>
/// <param name="Seed">CHAOS_SEED: decides the schedule of the faults and every choice of the workload.</param>
/// <param name="Duration">CHAOS_MINUTES: how long faults happen; healing and checking come on top.</param>
/// <param name="Kinds">CHAOS_FAULTS: only these, by their names and with commas between; all by default.</param>
public sealed record ChaosOptions(int Seed, TimeSpan Duration, IReadOnlyList<FaultKind> Kinds)
{
    // Every kind of fault comes up once in this time, and the whole test stays well under 90 s.
    private static readonly TimeSpan Short = TimeSpan.FromSeconds(45);

    public int Subscribers { get; init; } = 18;

    /// <summary>These faults, one after the other, instead of a schedule by the seed.</summary>
    public IReadOnlyList<FaultStep>? Steps { get; init; }

    /// <summary>Settings of the nodes, over those of every run.</summary>
    public IReadOnlyList<(string Name, string? Value)> NodeSettings { get; init; } = [];

    public static ChaosOptions FromEnvironment() => new(
        Read("CHAOS_SEED") is { } seed ? int.Parse(seed, CultureInfo.InvariantCulture) : Random.Shared.Next(1, 1_000_000),
        Read("CHAOS_MINUTES") is { } minutes ? TimeSpan.FromMinutes(double.Parse(minutes, CultureInfo.InvariantCulture)) : Short,
        Read("CHAOS_FAULTS") is { } kinds ? [.. kinds.Split(',').Select(Enum.Parse<FaultKind>)] : Enum.GetValues<FaultKind>());

    /// <summary>Where the report goes besides the test's output: CHAOS_REPORT, a folder.</summary>
    public static string? ReportFolder => Read("CHAOS_REPORT");

    private static string? Read(string name) => Environment.GetEnvironmentVariable(name) is { Length: > 0 } value ? value : null;
}
