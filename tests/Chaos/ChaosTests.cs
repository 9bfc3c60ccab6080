using Fanout.Tests.Chaos.Checking;
using Fanout.Tests.Chaos.Mutations;
using Xunit;

namespace Fanout.Tests.Chaos;

/// <summary>The machine that tries to break it. Short by default; scripts/chaos makes it long.</summary>
[Collection("fleets")]
public sealed class ChaosTests(ITestOutputHelper output)
{
    [Fact]
    public async Task Fleet_UnderFaults_KeepsItsPromises()
    {
        var options = ChaosOptions.FromEnvironment();
        Say($"Chaos: seed {options.Seed}, {options.Duration.TotalMinutes:0.##} minutes of faults. Again: CHAOS_SEED={options.Seed} scripts/chaos");

        var result = await ChaosRun.RunAsync(options);

        var report = ChaosTable.WriteHistory(result) + Environment.NewLine + ChaosTable.Write(result);
        Say(report);
        if (ChaosOptions.ReportFolder is { } folder)
            await File.WriteAllTextAsync(Path.Combine(folder, $"{options.Seed}.txt"), report, TestContext.Current.CancellationToken);
        var kinds = result.Violations.CountBy(violation => violation.Kind).Select(kind => $"{kind.Value} {kind.Key}");
        Assert.True(result.Violations.Count == 0, $"{result.Violations.Count} violations with seed {options.Seed}: {string.Join(", ", kinds)}");
        // What the checker found right must be something in which it would have found a fault.
        Assert.All(Mutation.All, mutation => Assert.NotEmpty(Checker.Check(mutation.Apply(result.Recording))));
    }

    private void Say(string text)
    {
        output.WriteLine(text);
        Console.Error.WriteLine(text);
    }
}
