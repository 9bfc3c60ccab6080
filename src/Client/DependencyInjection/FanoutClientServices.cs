using Fanout.Client;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Adds Fanout's client to an application.</summary>
public static class FanoutClientServices
{
    /// <summary>
    /// Adds one <see cref="FanoutClient"/> for the whole application, which is closed with it. It logs to the application's loggers and
    /// takes its <see cref="TimeProvider"/>, if there is one. It connects when you call <see cref="FanoutClient.ConnectAsync"/>.
    /// </summary>
    /// <param name="options">Makes the options, of what the application has.</param>
    public static IServiceCollection AddFanoutClient(this IServiceCollection services, Func<IServiceProvider, FanoutClientOptions> options)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(options);
        services.TryAddSingleton(provider => new FanoutClient(Complete(options(provider), provider)));
        return services;
    }

    /// <inheritdoc cref="AddFanoutClient(IServiceCollection, Func{IServiceProvider, FanoutClientOptions})"/>
    public static IServiceCollection AddFanoutClient(this IServiceCollection services, FanoutClientOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        return services.AddFanoutClient(_ => options);
    }

    /// <summary>As <see cref="AddFanoutClient(IServiceCollection, Func{IServiceProvider, FanoutClientOptions})"/>, for one of several clients.</summary>
    /// <param name="key">The key of the service.</param>
    /// <param name="options">Makes the options, of what the application has.</param>
    public static IServiceCollection AddKeyedFanoutClient(this IServiceCollection services, object key, Func<IServiceProvider, FanoutClientOptions> options)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(key);
        ArgumentNullException.ThrowIfNull(options);
        services.TryAddKeyedSingleton(key, (provider, _) => new FanoutClient(Complete(options(provider), provider)));
        return services;
    }

    private static FanoutClientOptions Complete(FanoutClientOptions options, IServiceProvider provider) => options with
    {
        LoggerFactory = options.LoggerFactory ?? provider.GetService<ILoggerFactory>(),
        TimeProvider = options.TimeProvider != TimeProvider.System ? options.TimeProvider : provider.GetService<TimeProvider>() ?? TimeProvider.System,
    };
}
