using Microsoft.Extensions.Logging.Console;

namespace Fanout.Node.Hosting;

/// <summary>
/// Makes <c>Logging:Console:FormatterName</c> count (<c>simple</c>, <c>json</c>, <c>systemd</c>): the slim builder chooses the simple one behind
/// the configuration's back.
/// </summary>
internal static class ConsoleLogs
{
    public static ILoggingBuilder FollowFormatterSetting(this ILoggingBuilder logging, IConfiguration configuration)
    {
        logging.Services.Configure<ConsoleLoggerOptions>(options =>
        {
            if (configuration["Logging:Console:FormatterName"] is { Length: > 0 } name)
                options.FormatterName = name;
        });
        // The blank that parts the time from the rest of a line is none of a field's.
        logging.Services.PostConfigure<JsonConsoleFormatterOptions>(options => options.TimestampFormat = options.TimestampFormat?.Trim());
        return logging;
    }
}
