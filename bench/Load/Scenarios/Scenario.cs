using Fanout.Bench.Load.Servers;

namespace Fanout.Bench.Load.Scenarios;

/// <summary>One measurement.</summary>
/// <param name="Name">As in tables and on the command line.</param>
/// <param name="Servers">Those that it is made of.</param>
/// <param name="NeedsFreshServer">Whether nothing may have run on the server before.</param>
internal abstract record Scenario(string Name, string[] Servers, bool NeedsFreshServer = false)
{
    public abstract Result Run(RunningServer server, Fleet fleet, RunOptions options);
}

/// <param name="Scale">Times are multiplied by it; less than one for a smoke run.</param>
/// <param name="Persistence">A disturbed measurement goes on for so many times its length.</param>
internal sealed record RunOptions(double Scale, double Persistence)
{
    public TimeSpan Seconds(double seconds) => TimeSpan.FromSeconds(Math.Max(0.5, seconds * Scale));
}
