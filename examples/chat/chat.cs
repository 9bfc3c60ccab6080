// A chat in one file, to see that it runs: what you type goes to the room, what anybody types comes back. It reconnects by itself.
//   dotnet run examples/chat/chat.cs -- ann
//   dotnet run examples/chat/chat.cs -- bob --url http://localhost:8080 --room chat
#:project ../../src/Client/Client.csproj
using System.Text.Json.Serialization;
using Fanout.Client;

var name = args.FirstOrDefault(a => !a.StartsWith('-')) ?? Environment.UserName;
var url = Option("--url") ?? "http://localhost:8080";

await using var client = new FanoutClient(url);
var chat = client.Room(Option("--room") ?? "chat", ChatJson.Default.Line);

client.Connected += connection => Console.WriteLine($"-- {name} on node {connection.Node}");
client.Reconnecting += waiting =>
{
    Console.WriteLine($"-- {waiting.Cause.Message} Trying again in {waiting.Delay.TotalSeconds:0.0} s");
    if (waiting.Attempt == 1 && client.ClosedBecause is null)
        Console.WriteLine($"-- Is there a node at {url}? Start one: dotnet run --project src/FanoutNode");
};
client.Closed += why => Console.WriteLine($"-- closed: {why.Message}");
chat.Joined += joined => Console.WriteLine($"-- in '{chat.Name}' with {joined.Count - 1} others");
chat.Reset += _ => Console.WriteLine("-- some messages may be missing");
chat.Subscribe(message => Console.WriteLine($"{message.Payload.Name}: {message.Payload.Text}"));

await client.ConnectAsync();
while (await Console.In.ReadLineAsync() is { } text)
{
    try
    {
        await chat.PublishAsync(new Line(name, text), new FanoutPublishOptions { Echo = false });
    }
    catch (FanoutException e)
    {
        Console.WriteLine($"-- not sent: {e.Message}");
    }
}

string? Option(string option) => Array.IndexOf(args, option) is >= 0 and var at && at + 1 < args.Length ? args[at + 1] : null;

internal sealed record Line(string? Name, string? Text);

[JsonSourceGenerationOptions(System.Text.Json.JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(Line))]
internal sealed partial class ChatJson : JsonSerializerContext;
