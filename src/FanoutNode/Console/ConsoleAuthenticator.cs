using Fanout.Node.Auth;

namespace Fanout.Node.Console;

/// <summary>Tells operators by the console's tokens, and leaves everybody else to the ordinary authenticator.</summary>
internal sealed class ConsoleAuthenticator(ConsoleTokens tokens, TokenAuthenticator users) : IAuthenticator
{
    public async ValueTask<Authentication> AuthenticateAsync(string? token)
    {
        if (token?.StartsWith(ConsoleTokens.Prefix, StringComparison.Ordinal) != true)
            return await users.AuthenticateAsync(token);
        return await tokens.CheckAsync(token) is { } principal ? Authentication.Accept(principal) : default;
    }
}
