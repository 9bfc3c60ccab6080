using Fanout.Node.Backplane;
using Fanout.Node.Hosting;
using Fanout.Node.Hosting.Settings;

if (args is [HealthcheckCommand.Name])
    return await HealthcheckCommand.RunAsync();

try
{
    await using var app = NodeApplication.Build(args);
    var backplane = app.Services.GetRequiredService<IBackplane>();
    await app.RunAsync();
    if (backplane.Refused is { IsCompletedSuccessfully: true } refused)
        throw new SettingsException([await refused]);
    return 0;
}
catch (SettingsException e)
{
    // One line for each setting and no stack trace: this is for the operator who wrote them.
    foreach (var problem in e.Problems)
        Console.Error.WriteLine("fanout: " + problem);
    return 78; // EX_CONFIG of sysexits.h.
}
