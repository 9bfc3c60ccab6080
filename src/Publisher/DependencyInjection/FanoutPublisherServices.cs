using Fanout.Publisher;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Adds Fanout's publisher to an application.</summary>
public static class FanoutPublisherServices
{
    /// <summary>
    /// Adds one <see cref="FanoutPublisher"/> for the whole application, which sends what waits when it ends. It logs to the application's
    /// loggers and takes its <see cref="TimeProvider"/>, if there is one.
    /// </summary>
    /// <param name="options">Makes the options, of what the application has.</param>
    public static IServiceCollection AddFanoutPublisher(this IServiceCollection services, Func<IServiceProvider, FanoutPublisherOptions> options)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(options);
        services.TryAddSingleton(provider => new FanoutPublisher(Complete(options(provider), provider)));
        return services;
    }

    /// <inheritdoc cref="AddFanoutPublisher(IServiceCollection, Func{IServiceProvider, FanoutPublisherOptions})"/>
    public static IServiceCollection AddFanoutPublisher(this IServiceCollection services, FanoutPublisherOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        return services.AddFanoutPublisher(_ => options);
    }

    private static FanoutPublisherOptions Complete(FanoutPublisherOptions options, IServiceProvider provider) => options with
    {
        LoggerFactory = options.LoggerFactory ?? provider.GetService<ILoggerFactory>(),
        TimeProvider = options.TimeProvider != TimeProvider.System ? options.TimeProvider : provider.GetService<TimeProvider>() ?? TimeProvider.System,
    };
}
