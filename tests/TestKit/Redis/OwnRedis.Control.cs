using Fanout.Tests.TestKit.Processes;

namespace Fanout.Tests.TestKit.Redis;

public sealed partial class OwnRedis
{
    /// <summary>SIGTERM, and waits for the exit. Clients see their connections closed.</summary>
    public async Task StopAsync()
    {
        Running.Send(Signal.Terminate);
        await Running.ExitAsync().WithDeadline("redis-server to stop", context: () => Logs);
    }

    /// <summary>SIGKILL, and waits for the exit.</summary>
    public async Task KillAsync()
    {
        Running.Kill();
        await Running.ExitAsync().WithDeadline("redis-server to be dead", context: () => Logs);
    }

    /// <summary>SIGSTOP: connections stay, and nothing answers.</summary>
    public void Pause() => Running.Send(Signal.Stop);

    public void Resume() => Running.Send(Signal.Continue);

    /// <summary>Writes a snapshot, to which a restart of a server without <see cref="OwnRedisOptions.AppendOnly"/> goes back.</summary>
    public async Task SaveAsync()
    {
        await using var connection = await ConnectAsync();
        await connection.GetServer(ConnectionString).SaveAsync(StackExchange.Redis.SaveType.BackgroundSave);
        await Running.Log.LineAsync(line => line.Contains("Background saving terminated with success", StringComparison.Ordinal))
            .WithDeadline("a snapshot", context: () => Logs);
    }

    /// <summary>Starts a server that was stopped or killed, on the same port.</summary>
    /// <param name="wipe">Deletes its files first. Otherwise it comes back with what was on disk: all with AppendOnly, else the last
    /// <see cref="SaveAsync"/>, or nothing.</param>
    public async Task StartAgainAsync(bool wipe = false)
    {
        if (IsRunning)
            throw new InvalidOperationException("The server still runs; stop or kill it first");
        if (wipe)
            Wipe();
        if (!await TryStartAsync())
            throw Failed();
    }

    /// <summary>Stops (or kills) the server if it runs, and starts it again on the same port.</summary>
    /// <inheritdoc cref="StartAgainAsync"/>
    public async Task RestartAsync(bool wipe = false, bool kill = false)
    {
        if (IsRunning)
            await (kill ? KillAsync() : StopAsync());
        await StartAgainAsync(wipe);
    }

    private ChildProcess Running => _process ?? throw new InvalidOperationException("The server was not started");

    private void Wipe()
    {
        Directory.Delete(_folder, recursive: true);
        Directory.CreateDirectory(_folder);
    }
}
