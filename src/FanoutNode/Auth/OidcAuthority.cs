using System.Net;
using Fanout.Node.Diagnostics;
using Microsoft.IdentityModel.Protocols;
using Microsoft.IdentityModel.Protocols.OpenIdConnect;

namespace Fanout.Node.Auth;

/// <summary>
/// The keys of an OpenID Connect authority (OpenID Connect Discovery 1.0, section 4): read at the start and every hour, and at once when a
/// token names a key that is not known, since that is how a rotation is noticed.
/// </summary>
/// <remarks>The last keys stay in use while the authority is away. Thread-safe.</remarks>
internal sealed partial class OidcAuthority : BackgroundService, IReadinessCheck
{
    private const string DiscoveryPath = "/.well-known/openid-configuration";

    private static readonly TimeSpan RefreshInterval = TimeSpan.FromHours(1);
    private static readonly TimeSpan RetryInterval = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(5);

    // Anybody can send tokens that name a key nobody knows; the authority must not be asked for each of them.
    private static readonly TimeSpan UnknownKeyPause = TimeSpan.FromSeconds(5);

    private readonly HttpClient _http;
    private readonly HttpDocumentRetriever _documents;
    private readonly string _address;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly Lock _gate = new();
    private volatile OpenIdConnectConfiguration? _current;
    private Task _reading = Task.CompletedTask;
    private long _lastRead;
    private bool _everRead;

    public OidcAuthority(JwtOptions options, TimeProvider time, ILogger<OidcAuthority> logger)
    {
        var authority = options.Authority!.TrimEnd('/');
        _address = authority.EndsWith(DiscoveryPath, StringComparison.Ordinal) ? authority : authority + DiscoveryPath;
        _http = new HttpClient { Timeout = Timeout, MaxResponseContentBufferSize = 1024 * 1024, DefaultRequestVersion = HttpVersion.Version11 };
        _documents = new HttpDocumentRetriever(_http) { RequireHttps = options.MustUseHttps };
        _time = time;
        _logger = logger;
    }

    /// <summary>What the authority said last; null where it has said nothing yet.</summary>
    public OpenIdConnectConfiguration? Current => _current;

    // Until the keys were read once every handshake with a token is refused: somebody else may do better.
    (string Name, bool Ok, string Detail) IReadinessCheck.Check() =>
        _current is null ? ("authority", false, "its keys have not been read yet") : ("authority", true, "its keys are known");

    /// <summary>A token's key is not among those known. Reads them again, unless that was done a moment ago.</summary>
    /// <returns>Whether they were read, so that the token may be looked at again.</returns>
    public async Task<bool> RefreshForUnknownKeyAsync()
    {
        Task reading;
        lock (_gate)
        {
            // Whoever comes while it is being read waits for the same answer.
            if (_reading.IsCompleted)
            {
                if (_everRead && _time.GetElapsedTime(_lastRead) < UnknownKeyPause)
                    return false;
                _reading = ReadAsync();
            }

            reading = _reading;
        }

        await reading;
        return true;
    }

    public override void Dispose()
    {
        _http.Dispose();
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            Task reading;
            lock (_gate)
                reading = _reading = _reading.IsCompleted ? ReadAsync() : _reading;
            await reading;
            await Task.Delay(_current is null || !_lastSucceeded ? RetryInterval : RefreshInterval, _time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private volatile bool _lastSucceeded;

    // Never throws: a failure is logged, and the keys before it stay.
    private async Task ReadAsync()
    {
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        try
        {
            var read = await OpenIdConnectConfigurationRetriever.GetAsync(_address, _documents, CancellationToken.None);
            if (read.SigningKeys.Count == 0)
                throw new InvalidDataException("it names no signing keys");
            if (_current is null)
                LogRead(_logger, _address, read.SigningKeys.Count);
            _current = read;
            _lastSucceeded = true;
        }
        catch (Exception e)
        {
            _lastSucceeded = false;
            LogUnreadable(_logger, _address, Innermost(e).Message);
        }
        finally
        {
            lock (_gate)
                (_lastRead, _everRead) = (_time.GetTimestamp(), true);
        }
    }

    private static Exception Innermost(Exception e) => e.InnerException is null ? e : Innermost(e.InnerException);

    [LoggerMessage(1501, LogLevel.Information, "The authority {Address} was read; it has {Keys} signing keys", EventName = "AuthorityRead")]
    private static partial void LogRead(ILogger logger, string address, int keys);

    [LoggerMessage(1502, LogLevel.Warning, "The authority {Address} cannot be read: {Reason}. Known keys stay in use; without any, handshakes are answered with 503", EventName = "AuthorityUnreadable")]
    private static partial void LogUnreadable(ILogger logger, string address, string reason);
}
