using Fanout.Node.Auth;

namespace Fanout.Node.Console;

/// <summary>Tells operators by the console's tokens, and leaves everybody else to the ordinary authenticator.</summary>
internal sealed class ConsoleAuthenticator(ConsoleTokens tokens, TokenAuthenticator users) : IAuthenticator
{
    public bool IsForOperators(string? token) => token?.StartsWith(ConsoleTokens.Prefix, StringComparison.Ordinal) == true;

    public async ValueTask<Authentication> AuthenticateAsync(string? token)
    {
        if (!IsForOperators(token))
            return await users.AuthenticateAsync(token);
        return await tokens.CheckAsync(token!) is { } principal ? Authentication.Accept(principal) : default;
    }
}
