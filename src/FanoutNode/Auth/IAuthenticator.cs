namespace Fanout.Node.Auth;

/// <summary>Tells who a token stands for.</summary>
internal interface IAuthenticator
{
    /// <summary>The principal behind the token, or behind no token; null where it is not let in. The reason goes to the log alone.</summary>
    ValueTask<Principal?> AuthenticateAsync(string? token);
}
