using Fanout.Bench.Load;
using Fanout.Bench.Load.Report;
using Fanout.Bench.Load.Scenarios;
using Fanout.Bench.Load.Servers;

if (CommandLine.Parse(args) is not { } line)
{
    Console.Error.WriteLine(CommandLine.Usage);
    return 64; // EX_USAGE of sysexits.h.
}

if (line.Verb == "list")
{
    foreach (var kind in ServerKinds.All)
        Console.WriteLine($"{kind.Name,-24} {string.Join(' ', Catalogue.All.Where(scenario => scenario.Servers.Contains(kind.Name)).Select(scenario => scenario.Name))}");
    return 0;
}

var runner = new Runner(line, Directory.GetCurrentDirectory());
var file = line.Verb switch
{
    "report" => ResultFile.Read(line.Output!),
    "mend" => runner.Mend(ResultFile.Read(line.Output!)),
    _ => runner.Run(),
};
if (line.Verb != "report" && line.Output is not null)
    file.Write(line.Output);
if (line.Document is not null)
    Document.Insert(file, line.Document);
Console.WriteLine();
Console.WriteLine(Document.Text(file));
return 0;
