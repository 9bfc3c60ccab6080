namespace Fanout.Node.Hosting;

/// <summary>
/// <c>FanoutNode healthcheck</c>: asks the node on this machine whether it is ready, for containers whose image has no HTTP client of its own.
/// </summary>
internal static class HealthcheckCommand
{
    public const string Name = "healthcheck";

    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(3);

    /// <returns>0 if the node is ready, else 1.</returns>
    public static async Task<int> RunAsync()
    {
        var url = new Uri(BaseUrl(), "/healthz/ready");
        using var client = new HttpClient { Timeout = Timeout };
        try
        {
            using var response = await client.GetAsync(url);
            System.Console.WriteLine($"{(int)response.StatusCode} {await response.Content.ReadAsStringAsync()}");
            return response.IsSuccessStatusCode ? 0 : 1;
        }
        catch (Exception e) when (e is HttpRequestException or TaskCanceledException)
        {
            System.Console.Error.WriteLine($"{url} does not answer: {e.Message}");
            return 1;
        }
    }

    private static Uri BaseUrl()
    {
        if (Environment.GetEnvironmentVariable("Fanout__Admin__Port") is { Length: > 0 } and not "0" and var admin)
            return new Uri($"http://localhost:{admin}");
        var urls = Environment.GetEnvironmentVariable("ASPNETCORE_URLS");
        var port = Environment.GetEnvironmentVariable("ASPNETCORE_HTTP_PORTS")?.Split(';', ',')[0];
        var first = urls?.Split(';', ',')[0].Replace("*", "localhost", StringComparison.Ordinal).Replace("+", "localhost", StringComparison.Ordinal)
            .Replace("0.0.0.0", "localhost", StringComparison.Ordinal).Replace("[::]", "localhost", StringComparison.Ordinal);
        return new Uri(string.IsNullOrEmpty(first) ? $"http://localhost:{(string.IsNullOrEmpty(port) ? "8080" : port)}" : first);
    }
}
