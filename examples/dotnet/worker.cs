// A back end: publishes an order every second to the room `orders`, and pushes to the user who ordered.
//   dotnet run examples/dotnet/worker.cs
//   dotnet run examples/dotnet/worker.cs -- --Fanout:Url http://localhost:8080 --Fanout:ApiKey development-key
#:project ../../src/Publisher/Publisher.csproj
#:package Microsoft.Extensions.Hosting@10.0.15
using System.Text.Json.Serialization;
using Fanout.Client;
using Fanout.Publisher;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

var builder = Host.CreateApplicationBuilder(args);
builder.Services.AddFanoutPublisher(_ => new FanoutPublisherOptions
{
    Url = builder.Configuration["Fanout:Url"] ?? "http://localhost:8080",
    ApiKey = builder.Configuration["Fanout:ApiKey"] ?? "development-key",
});
builder.Services.AddHostedService<Orders>();
await builder.Build().RunAsync();

internal sealed class Orders(FanoutPublisher publisher, ILogger<Orders> logger, TimeProvider? time = null) : BackgroundService
{
    private static readonly string[] Users = ["ann", "bob", "cat"];

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(1), time ?? TimeProvider.System);
        for (var number = 1; await timer.WaitForNextTickAsync(stoppingToken); number++)
        {
            var order = new Order(number, Users[number % Users.Length], 10 + (number % 7));
            try
            {
                // Both go in one request.
                var published = publisher.PublishAsync("orders", order, OrderJson.Default.Order, cancellationToken: stoppingToken);
                var pushed = publisher.PushAsync(order.User, order, OrderJson.Default.Order, cancellationToken: stoppingToken);
                await Task.WhenAll(published, pushed);
                logger.LogInformation(
                    "Order {Number} has offset {Offset}; {User} is {Where}", number, (await published).Offset, order.User, (await pushed).IsOnline == true ? "here" : "away");
            }
            catch (FanoutException e)
            {
                logger.LogError("Order {Number} was not published ({Code}): {Reason}", number, e.Code, e.Message);
            }
        }
    }
}

internal sealed record Order(int Number, string User, decimal Price);

[JsonSourceGenerationOptions(System.Text.Json.JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(Order))]
internal sealed partial class OrderJson : JsonSerializerContext;
