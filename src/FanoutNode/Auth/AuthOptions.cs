namespace Fanout.Node.Auth;

/// <summary>Settings under <c>Fanout:Auth</c>.</summary>
internal sealed class AuthOptions
{
    /// <summary>
    /// Whether clients without a token are let in, to join and publish in every room that is not the service's own. Unset: only in the
    /// Development environment.
    /// </summary>
    public bool? AllowAnonymous { get; set; }

    /// <summary>
    /// Origins that browsers may come from, such as <c>https://app.example</c>; <c>*</c> allows all. Empty: the same host only. Clients that
    /// send no Origin header are not browsers and are not affected.
    /// </summary>
    public List<string> AllowedOrigins { get; set; } = [];

    /// <summary>What a token without the claim <c>fanout</c> may do. Nothing by default, but its own user room.</summary>
    public GrantOptions DefaultGrants { get; set; } = new();

    /// <summary>How long a user stays out that an operator disconnects, where the call does not say. 0: it may come back at once.</summary>
    public TimeSpan RevokeFor { get; set; }

    public JwtOptions Jwt { get; set; } = new();
}

/// <summary>Room patterns, as in the claim <c>fanout</c>.</summary>
internal sealed class GrantOptions
{
    public List<string> Join { get; set; } = [];

    public List<string> Publish { get; set; } = [];

    public List<string> Presence { get; set; } = [];

    /// <summary>Patterns of methods, for those with <c>Fanout:Rpc:Methods:n:Access</c> <c>Granted</c>.</summary>
    public List<string> Request { get; set; } = [];

    public Grants ToGrants() => new(Join, Publish, Presence) { Request = Request };
}

/// <summary>Settings under <c>Fanout:Auth:Jwt</c>: how tokens are checked. One of the three keys is needed for tokens to be taken; several may stand side by side.</summary>
internal sealed class JwtOptions
{
    /// <summary>Symmetric key for HS256, as text; at least 32 bytes.</summary>
    public string? SigningKey { get; set; }

    /// <summary>Public key in PEM, for RS256 or ES256.</summary>
    public string? PublicKeyPem { get; set; }

    /// <summary>URL of an OpenID Connect authority whose keys sign the tokens.</summary>
    public string? Authority { get; set; }

    /// <summary>Whether the authority must be reached by HTTPS. Unset: unless it is on this machine.</summary>
    public bool? RequireHttpsMetadata { get; set; }

    /// <summary>How far the clocks of who makes tokens and of this node may differ, where a token is not valid yet.</summary>
    public TimeSpan ClockSkew { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>See <see cref="RequireHttpsMetadata"/>.</summary>
    public bool MustUseHttps => RequireHttpsMetadata ?? !(Uri.TryCreate(Authority, UriKind.Absolute, out var uri) && uri.IsLoopback);

    /// <summary>Required <c>iss</c>. Unset: the authority's own for its tokens, and not checked for others.</summary>
    public string? Issuer { get; set; }

    /// <summary>Required <c>aud</c>; not checked where unset.</summary>
    public string? Audience { get; set; }

    public bool IsConfigured => SigningKey is not null || PublicKeyPem is not null || Authority is not null;
}
