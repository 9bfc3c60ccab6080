namespace Fanout.Client.Connection;

/// <content>A new token over the socket (docs/protocol.md, 4.6).</content>
internal sealed partial class Connector
{
    /// <summary>Asks for a token, has it sent, and tells how that ended. In a turn.</summary>
    /// <param name="refresh">Sends the token, and tells what the node answered.</param>
    public void Renew(FanoutTokenReason reason, Action<string, Action<Exception?>> refresh, Action<Exception?> told)
    {
        var life = _life;
        _tokens.Get(reason, life, (token, error) =>
        {
            if (error is not null)
                told(error);
            else if (token is null || life.IsOver)
                told(null);
            else
                refresh(token, told);
        });
    }

    /// <summary>As <see cref="Renew"/>, again and again until it works or the connection is over.</summary>
    public void KeepFresh(Action<string, Action<Exception?>> refresh)
    {
        if (!_tokens.CanRenew)
            return;
        var life = _life;
        var backoff = _settings.NewBackoff();
        Try();

        void Try() => Renew(FanoutTokenReason.Expiring, refresh, error =>
        {
            if (error is null || life.IsOver)
                return;
            _host.Fault(error as FanoutException ?? new FanoutException(FanoutErrorCodes.TokenFailed, error.Message, error) { IsRetryable = true });
            _refreshTimer.Set(backoff.Next(), Try);
        });
    }
}
