using System.Net;
using Fanout.Node.Api;
using Fanout.Node.Rooms;
using Fanout.Node.Rpc;
using Fanout.Node.Webhooks;

namespace Fanout.Node.Hosting.Settings;

/// <summary>Reads the settings, fills in what follows from the environment, and checks them.</summary>
internal static class SettingsLoader
{
    public const string Section = "Fanout";

    // Twice the interval at which our proxy configuration asks.
    private static readonly TimeSpan DefaultNotice = TimeSpan.FromSeconds(2);

    /// <exception cref="SettingsException">A setting is wrong.</exception>
    public static FanoutSettings Load(IConfiguration configuration, IHostEnvironment environment)
    {
        var settings = Bind(configuration.GetSection(Section));
        settings.Node.Name ??= Dns.GetHostName();
        settings.Auth.AllowAnonymous ??= environment.IsDevelopment();
        settings.Drain.Notice ??= environment.IsDevelopment() ? TimeSpan.Zero : DefaultNotice;
        var problems = new SettingProblems();
        SettingsValidator.Check(settings, problems);
        problems.ThrowIfAny();
        return settings;
    }

    /// <summary>Settings under <c>Fanout</c> that no version of the service knows: typing mistakes, most likely.</summary>
    public static IEnumerable<string> Unknown(IConfiguration configuration)
    {
        var known = typeof(FanoutSettings).GetProperties().ToDictionary(p => p.Name, p => p.PropertyType, StringComparer.OrdinalIgnoreCase);
        foreach (var section in configuration.GetSection(Section).GetChildren())
        {
            if (!known.TryGetValue(section.Key, out var type))
            {
                yield return section.Path;
                continue;
            }

            if (type.IsGenericType)
                continue;
            foreach (var child in section.GetChildren())
            {
                if (!type.GetProperties().Any(p => p.Name.Equals(child.Key, StringComparison.OrdinalIgnoreCase)))
                    yield return child.Path;
            }
        }
    }

    private static FanoutSettings Bind(IConfigurationSection section)
    {
        try
        {
            var settings = section.Get<FanoutSettings>() ?? new FanoutSettings();
            // The binder leaves out items of a list that it cannot read, without a word; one by one it says so.
            settings.Rooms = Items<RoomOptions>(section.GetSection(nameof(FanoutSettings.Rooms)));
            settings.Api.Keys = Items<ApiKeyOptions>(section.GetSection("Api:Keys"));
            settings.Webhooks = Items<WebhookOptions>(section.GetSection(nameof(FanoutSettings.Webhooks)));
            settings.Rpc.Methods = Items<RpcMethodOptions>(section.GetSection("Rpc:Methods"));
            return settings;
        }
        catch (InvalidOperationException e) when (e.InnerException is not null)
        {
            // The binder's message names the value, the path and the type; the cause behind it says what does not fit.
            throw new SettingsException([$"{e.Message} {Innermost(e).Message}".ReplaceLineEndings(" ")]);
        }
    }

    private static List<T> Items<T>(IConfigurationSection list)
        where T : new() => [.. list.GetChildren().Select(item => item.Get<T>() ?? new T())];

    private static Exception Innermost(Exception e) => e.InnerException is null ? e : Innermost(e.InnerException);
}
