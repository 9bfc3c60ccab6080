using Fanout.Node.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Fanout.Tests.Unit.Hosting;

/// <summary>What ASP.NET may write of requests, whatever the operator's levels are.</summary>
public sealed class RequestLogTests
{
    private const string Requests = "Microsoft.AspNetCore.Hosting.Diagnostics";
    private const string BadRequests = "Microsoft.AspNetCore.Server.Kestrel.BadRequests";

    // Were it on at any level, ASP.NET would make a scope and an Activity for each request, too.
    [Theory]
    [InlineData("Logging:LogLevel:Default", "Trace")]
    [InlineData("Logging:LogLevel:" + Requests, "Trace")]
    [InlineData("Logging:Console:LogLevel:" + Requests, "Critical")]
    [InlineData("Logging:LogLevel:" + Requests + ".More", "Trace")]
    public async Task Requests_AreWrittenAtNoLevel(string setting, string level)
    {
        await using var app = Build(setting, level);

        Assert.False(Logger(app, Requests).IsEnabled(LogLevel.Critical));
    }

    [Theory]
    [InlineData("Logging:LogLevel:Default", "Trace", true)]
    [InlineData("Logging:Console:LogLevel:" + BadRequests, "Trace", true)]
    [InlineData("Logging:LogLevel:" + BadRequests, "None", false)]
    public async Task BadRequests_AreWrittenFromWarningOn_WhereTheyAreWanted(string setting, string level, bool isWarned)
    {
        await using var app = Build(setting, level);

        Assert.False(Logger(app, BadRequests).IsEnabled(LogLevel.Information));
        Assert.Equal(isWarned, Logger(app, BadRequests).IsEnabled(LogLevel.Warning));
    }

    private static Microsoft.AspNetCore.Builder.WebApplication Build(string setting, string level) =>
        NodeApplication.Build(["--Fanout:Auth:AllowAnonymous=true", $"--{setting}={level}"]);

    private static ILogger Logger(Microsoft.AspNetCore.Builder.WebApplication app, string category) => app.Services.GetRequiredService<ILoggerFactory>().CreateLogger(category);
}
