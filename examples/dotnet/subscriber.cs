// Prints what is published to rooms, and goes on where it was after a restart: it keeps its positions in a file.
//   dotnet run examples/dotnet/subscriber.cs -- orders prices
//   dotnet run examples/dotnet/subscriber.cs -- orders --url http://localhost:8080 --format MessagePack --positions /var/tmp/positions
#:project ../../src/Client/Client.csproj
using System.Runtime.InteropServices;
using Fanout.Client;

var url = Option("--url") ?? "http://localhost:8080";
var format = Enum.Parse<FanoutFormat>(Option("--format") ?? "Json", ignoreCase: true);
var names = args.TakeWhile(a => !a.StartsWith('-')).DefaultIfEmpty("orders").ToArray();
var file = Option("--positions") ?? Path.Combine(Path.GetTempPath(), "fanout-subscriber.positions");
var positions = File.Exists(file)
    ? File.ReadLines(file).Select(line => line.Split(' ')).ToDictionary(part => part[0], part => new FanoutPosition(part[1], long.Parse(part[2])))
    : [];

using var stopping = new CancellationTokenSource();
using var interrupted = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
using var terminated = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);

await using var client = new FanoutClient(new FanoutClientOptions { Url = url, Format = format });
client.StateChanged += change => Console.WriteLine($"-- {change.State}{(change.Error is { } why ? $": {why.Message}" : "")}");
var reading = names.Select(ReadAsync).ToArray();
try
{
    await client.ConnectAsync(stopping.Token);
    await Task.WhenAll(reading);
}
catch (OperationCanceledException)
{
    Console.WriteLine("-- good bye");
}
catch (FanoutException e)
{
    // Refused, put out of a room, or sent away: it is of no use to come back.
    Console.WriteLine($"-- {e.Code}: {e.Message}");
    return 1;
}

return 0;

void Stop(PosixSignalContext signal)
{
    signal.Cancel = true;
    stopping.Cancel();
}

async Task ReadAsync(string name)
{
    var room = client.Room(name, new FanoutRoomOptions { Since = positions.TryGetValue(name, out var since) ? since : null });
    room.Reset += _ => Console.WriteLine($"-- {name}: some messages may be missing");
    await foreach (var message in room.ReadAllAsync().WithCancellation(stopping.Token))
    {
        Console.WriteLine($"{message.Timestamp.ToLocalTime():HH:mm:ss} {name} {message.Payload}");
        // Only now it is dealt with.
        if (message.Position is { } position)
            Remember(name, position);
    }
}

void Remember(string name, FanoutPosition position)
{
    lock (positions)
    {
        positions[name] = position;
        File.WriteAllLines(file, positions.Select(entry => $"{entry.Key} {entry.Value.Epoch} {entry.Value.Offset}"));
    }
}

string? Option(string option) => Array.IndexOf(args, option) is >= 0 and var at && at + 1 < args.Length ? args[at + 1] : null;
