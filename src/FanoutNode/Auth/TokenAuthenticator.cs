using System.Security.Cryptography;
using System.Text;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace Fanout.Node.Auth;

/// <summary>Checks JSON web tokens, and lets clients without one in where that is allowed.</summary>
internal sealed partial class TokenAuthenticator : IAuthenticator
{
    private static readonly TimeSpan ClockSkew = TimeSpan.FromSeconds(30);

    private readonly JsonWebTokenHandler _handler = new() { MapInboundClaims = false };
    private readonly TokenValidationParameters? _parameters;
    private readonly Grants _defaultGrants;
    private readonly bool _allowAnonymous;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;

    public TokenAuthenticator(AuthOptions options, TimeProvider time, ILogger<TokenAuthenticator> logger)
    {
        _time = time;
        _allowAnonymous = options.AllowAnonymous ?? false;
        _defaultGrants = options.DefaultGrants.ToGrants();
        _parameters = Parameters(options.Jwt);
        _logger = logger;
    }

    public async ValueTask<Principal?> AuthenticateAsync(string? token)
    {
        if (string.IsNullOrEmpty(token))
            return _allowAnonymous ? Principal.Anonymous : null;
        if (_parameters is null)
        {
            // A token that nobody can check proves nothing; its bearer is as anonymous as one without.
            LogRefused(_logger, "no key is configured (Fanout:Auth:Jwt)");
            return _allowAnonymous ? Principal.Anonymous : null;
        }

        var result = await _handler.ValidateTokenAsync(token, _parameters);
        if (!result.IsValid)
        {
            LogRefused(_logger, ReasonOf(result.Exception));
            return null;
        }

        // The tolerance is for clocks that run ahead of ours; a token that has ended would be closed with 4002 at once.
        if (result.SecurityToken.ValidTo != DateTime.MinValue && result.SecurityToken.ValidTo <= _time.GetUtcNow().UtcDateTime)
        {
            LogRefused(_logger, "it has expired");
            return null;
        }

        return Read((JsonWebToken)result.SecurityToken);
    }

    private Principal? Read(JsonWebToken token)
    {
        if (string.IsNullOrEmpty(token.Subject) || Shared.Rooms.UserRoom.TryNameFor(token.Subject) is null)
        {
            LogRefused(_logger, "its 'sub' is missing or too long");
            return null;
        }

        if (!FanoutClaim.TryRead(token, _defaultGrants, out var grants, out var info))
        {
            LogRefused(_logger, "its claim 'fanout' is not an object of pattern lists");
            return null;
        }

        return new Principal(token.Subject, grants, info, token.ValidTo == DateTime.MinValue ? null : new DateTimeOffset(token.ValidTo, TimeSpan.Zero));
    }

    private static TokenValidationParameters? Parameters(JwtOptions options)
    {
        if (!options.IsConfigured)
            return null;
        SecurityKey? key = options switch
        {
            { SigningKey: { } secret } => new SymmetricSecurityKey(Encoding.UTF8.GetBytes(secret)),
            { PublicKeyPem: { } pem } => PublicKeys.FromPem(pem),
            _ => null,
        };
        return new TokenValidationParameters
        {
            IssuerSigningKey = key,
            ValidIssuer = options.Issuer,
            ValidateIssuer = options.Issuer is not null,
            ValidAudience = options.Audience,
            ValidateAudience = options.Audience is not null,
            ClockSkew = ClockSkew,
            RequireExpirationTime = false,
            // Pinned to the kind of key, so that a public key is never taken for a shared secret.
            ValidAlgorithms = options.SigningKey is not null
                ? [SecurityAlgorithms.HmacSha256]
                : [SecurityAlgorithms.RsaSha256, SecurityAlgorithms.EcdsaSha256],
        };
    }

    // The library's messages can hold parts of the token; its exception's kind says enough.
    private static string ReasonOf(Exception? exception) => exception switch
    {
        SecurityTokenExpiredException => "it has expired",
        SecurityTokenNotYetValidException => "it is not valid yet",
        SecurityTokenInvalidIssuerException => "its issuer is another",
        SecurityTokenInvalidAudienceException => "its audience is another",
        SecurityTokenInvalidAlgorithmException => "its algorithm does not fit the key",
        SecurityTokenSignatureKeyNotFoundException or SecurityTokenInvalidSignatureException => "its signature is not by the configured key",
        SecurityTokenMalformedException => "it is no JSON web token",
        CryptographicException => "its signature cannot be checked",
        null => "unknown",
        _ => exception.GetType().Name,
    };

    [LoggerMessage(1500, LogLevel.Information, "A token was refused: {Reason}", EventName = "TokenRefused")]
    private static partial void LogRefused(ILogger logger, string reason);
}
