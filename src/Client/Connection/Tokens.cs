using System.Text.Json;
using Fanout.Client.Threading;

namespace Fanout.Client.Connection;

/// <summary>Asks for tokens, and never hands out one that the node has told us is over.</summary>
internal sealed class Tokens(FanoutClientOptions options, Turns turns, TimeProvider time)
{
    private string? _last;
    private string? _ended;

    /// <summary>Whether there is no token, and never will be.</summary>
    public bool IsAnonymous => options.TokenProvider is null && options.Token is null;

    /// <summary>Whether another token than the present one can be had.</summary>
    public bool CanRenew => options.TokenProvider is not null;

    /// <summary>
    /// Whether the only token there is has ended by our clock. Where the platform hides the status of a refused handshake, this is the only
    /// way not to knock for ever with a token that is over.
    /// </summary>
    public bool IsOver => !CanRenew && _last is not null && Expiry(_last) < time.GetUtcNow();

    /// <summary>The node said that the last token is not valid any more.</summary>
    public void Ended() => _ended = _last;

    /// <summary>
    /// Gets a token and tells it in a turn, exactly once, or an error: <c>unauthorized</c> where no other try can help, <c>token_failed</c>
    /// where one may, <c>connection_lost</c> where the connection is over before.
    /// </summary>
    public void Get(FanoutTokenReason reason, Life life, Action<string?, FanoutException?> told)
    {
        if (options.TokenProvider is null)
        {
            Check(options.Token, told);
            return;
        }

        var asked = new Asked(this, told, new ClientTimer(turns, time), life, turns);
        asked.Timer.Set(options.ConnectTimeout, () => asked.Tell(null, Failed($"The token provider took longer than {options.ConnectTimeout}.")));
        life.Ending += asked.LifeEnded;
        turns.Outside(() => _ = AskAsync(reason, asked));
    }

    private void Check(string? token, Action<string?, FanoutException?> told)
    {
        if (token is not null && token == _ended)
        {
            told(null, CanRenew ? Failed("The token provider gave the token that has ended.") : OnlyTokenEnded());
            return;
        }

        _last = token;
        told(token, null);
    }

    public static FanoutException OnlyTokenEnded() =>
        new(FanoutErrorCodes.Unauthorized, "The token has ended. Give the client a TokenProvider, which gets a new one.");

    private async Task AskAsync(FanoutTokenReason reason, Asked asked)
    {
        string? token = null;
        FanoutException? error = null;
        try
        {
            token = await options.TokenProvider!(new FanoutTokenRequest(reason), asked.Cancelled);
            if (string.IsNullOrEmpty(token))
                error = Failed("The token provider gave no token.");
        }
        catch (FanoutException e) when (e.Code is FanoutErrorCodes.Unauthorized or FanoutErrorCodes.TokenFailed)
        {
            error = e;
        }
        catch (Exception e)
        {
            error = Failed($"The token provider failed: {e.Message}", e);
        }

        using var turn = turns.Take();
        asked.Tell(token, error);
    }

    private static FanoutException Failed(string message, Exception? cause = null) =>
        new(FanoutErrorCodes.TokenFailed, message, cause) { IsRetryable = true };

    /// <summary>When a JSON web token ends; never, where it does not say or is none.</summary>
    private static DateTimeOffset Expiry(string token)
    {
        try
        {
            var body = token.Split('.')[1].Replace('-', '+').Replace('_', '/');
            using var claims = JsonDocument.Parse(Convert.FromBase64String(body.PadRight((body.Length + 3) / 4 * 4, '=')));
            return DateTimeOffset.FromUnixTimeSeconds(claims.RootElement.GetProperty("exp").GetInt64());
        }
        catch (Exception e) when (e is JsonException or FormatException or KeyNotFoundException or IndexOutOfRangeException
            or InvalidOperationException or ArgumentOutOfRangeException)
        {
            return DateTimeOffset.MaxValue;
        }
    }

    /// <summary>One question to the provider.</summary>
    private sealed class Asked(Tokens owner, Action<string?, FanoutException?> told, ClientTimer timer, Life life, Turns turns)
    {
        private readonly CancellationTokenSource _cancel = new();
        private bool _isTold;

        public ClientTimer Timer => timer;

        public CancellationToken Cancelled => _cancel.Token;

        public void LifeEnded() => Tell(null, new FanoutException(FanoutErrorCodes.ConnectionLost, "The connection ended before there was a token.") { IsRetryable = true });

        public void Tell(string? token, FanoutException? error)
        {
            if (_isTold)
                return;
            _isTold = true;
            timer.Clear();
            life.Ending -= LifeEnded;
            // The provider's own code hangs on the token, and must not run in a turn.
            turns.Outside(_cancel.Cancel);
            if (error is null)
                owner.Check(token, told);
            else
                told(null, error);
        }
    }
}
