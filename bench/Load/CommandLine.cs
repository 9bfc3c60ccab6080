using System.Globalization;

namespace Fanout.Bench.Load;

/// <summary>What the generator was asked to do.</summary>
internal sealed record CommandLine
{
    public const string Usage = """
        Usage: Fanout.Bench.Load [run] [--quick] [--only scenario,...] [--servers server,...] [--seconds factor] [--retries n] [--patience s] [--loops n] [--root dir]
                                 [--output file.json] [--document file.md]
               Fanout.Bench.Load mend --output file.json ...   makes disturbed measurements of that run again
               Fanout.Bench.Load report --output file.json [--document file.md]
               Fanout.Bench.Load list
        """;

    public string Verb { get; private set; } = "run";

    public bool Quick { get; private set; }

    public IReadOnlyList<string> Only { get; private set; } = [];

    public IReadOnlyList<string> Servers { get; private set; } = [];

    /// <summary>Measurements take so many times as long.</summary>
    public double Scale { get; private set; } = 1;

    /// <summary>A disturbed measurement is made again so many times at most.</summary>
    public int Retries { get; private set; } = 1;

    /// <summary>How long the run may wait, in all, for other processes to leave the machine alone.</summary>
    public TimeSpan Patience { get; private set; } = TimeSpan.FromMinutes(2);

    public int Loops { get; private set; } = 1;

    /// <summary>Where scripts/bench has built the programs.</summary>
    public string Root { get; private set; } = Path.GetFullPath("artifacts/bench");

    public string? Output { get; private set; }

    public string? Document { get; private set; }

    /// <summary>Null where the arguments make no sense.</summary>
    public static CommandLine? Parse(string[] args)
    {
        var line = new CommandLine();
        for (var i = 0; i < args.Length; i++)
        {
            var value = i + 1 < args.Length ? args[i + 1] : null;
            switch (args[i])
            {
                case "run" or "mend" or "report" or "list":
                    line.Verb = args[i];
                    continue;
                case "--quick":
                    (line.Quick, line.Scale, line.Retries, line.Patience) = (true, 0.15, 0, TimeSpan.Zero);
                    continue;
            }

            if (value is null)
                return null;
            i++;
            switch (args[i - 1])
            {
                case "--only":
                    line.Only = value.Split(',');
                    break;
                case "--servers":
                    line.Servers = value.Split(',');
                    break;
                case "--seconds":
                    line.Scale = double.Parse(value, CultureInfo.InvariantCulture);
                    break;
                case "--loops":
                    line.Loops = int.Parse(value, CultureInfo.InvariantCulture);
                    break;
                case "--retries":
                    line.Retries = int.Parse(value, CultureInfo.InvariantCulture);
                    break;
                case "--patience":
                    line.Patience = TimeSpan.FromSeconds(double.Parse(value, CultureInfo.InvariantCulture));
                    break;
                case "--root":
                    line.Root = Path.GetFullPath(value);
                    break;
                case "--output":
                    line.Output = value;
                    break;
                case "--document":
                    line.Document = value;
                    break;
                default:
                    return null;
            }
        }

        return line;
    }
}
