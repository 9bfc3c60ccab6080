using Fanout.Node.Auth;
using Fanout.Node.Backplane;

namespace Fanout.Node.Control;

/// <summary>
/// Reads who stays out: at the start, after each order, after each loss of the backplane, and at a steady interval, since an order is heard at most
/// once. Whoever stays out and is connected here is closed then.
/// </summary>
internal sealed partial class RevocationSync(
    IBackplane backplane, RevokedUsers revoked, Disconnector disconnector, HealthOptions options, TimeProvider time, ILogger<RevocationSync> logger) : BackgroundService
{
    private static readonly TimeSpan RetryDelay = TimeSpan.FromSeconds(1);

    private readonly SemaphoreSlim _now = new(0, 1);
    private readonly SemaphoreSlim _one = new(1, 1);
    private readonly Lock _gate = new();

    /// <summary>Asks for a reading soon.</summary>
    public void Request()
    {
        lock (_gate)
        {
            if (_now.CurrentCount == 0)
                _now.Release();
        }
    }

    /// <summary>Reads now.</summary>
    /// <returns>How many connections were closed.</returns>
    /// <exception cref="BackplaneUnavailableException">The list cannot be read.</exception>
    public async Task<int> ReadAsync()
    {
        // One after the other, or an older list could replace a newer one.
        await _one.WaitAsync();
        try
        {
            revoked.Replace(await backplane.Revocations.ListAsync());
        }
        finally
        {
            _one.Release();
        }

        return disconnector.CloseRevoked();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            var wait = options.CompareInterval;
            try
            {
                if (await ReadAsync() is > 0 and var closed)
                    LogHealed(logger, closed);
            }
            catch (BackplaneUnavailableException)
            {
                wait = RetryDelay;
            }
            catch (Exception e)
            {
                LogFailed(logger, e);
            }

            using var timeout = new CancellationTokenSource(wait, time);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, stoppingToken);
            await _now.WaitAsync(either.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    [LoggerMessage(1510, LogLevel.Information, "{Connections} connections of revoked users were closed without an order having come", EventName = "RevocationHealed")]
    private static partial void LogHealed(ILogger logger, int connections);

    [LoggerMessage(1511, LogLevel.Error, "The list of revoked users could not be taken over; it is read again", EventName = "RevocationSyncFailed")]
    private static partial void LogFailed(ILogger logger, Exception exception);
}
