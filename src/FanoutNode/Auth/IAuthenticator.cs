namespace Fanout.Node.Auth;

/// <summary>Tells who a token stands for.</summary>
internal interface IAuthenticator
{
    /// <summary>Who is behind the token, or behind no token. The reason of a refusal goes to the log alone.</summary>
    ValueTask<Authentication> AuthenticateAsync(string? token);

    /// <summary>Whether it is of the kind that operators have; a look at its first letters, which proves nothing.</summary>
    bool IsForOperators(string? token) => false;
}

/// <summary>What came of a token.</summary>
internal enum AuthenticationOutcome
{
    /// <summary>Not let in.</summary>
    Refused,

    /// <summary>Let in.</summary>
    Accepted,

    /// <summary>A good token, whose user an operator keeps out for now.</summary>
    Revoked,

    /// <summary>It cannot be told now: the authority's keys were never read. Worth another try.</summary>
    Unavailable,
}

/// <param name="Principal">Where it is let in.</param>
internal readonly record struct Authentication(AuthenticationOutcome Outcome, Principal? Principal = null)
{
    public static Authentication Accept(Principal principal) => new(AuthenticationOutcome.Accepted, principal);
}
