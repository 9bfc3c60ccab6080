using System.Security.Cryptography;
using System.Text;
using Fanout.Shared.Rooms;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace Fanout.Node.Auth;

/// <summary>Checks JSON web tokens, and lets clients without one in where that is allowed.</summary>
/// <remarks>
/// Up to three kinds of keys stand side by side, so that one can take another's place without a break. Each takes its own algorithms only: a
/// public key is never taken for a shared secret.
/// </remarks>
internal sealed partial class TokenAuthenticator : IAuthenticator
{
    // Tokens of directories that put every group of a user into them reach some KiB; nobody needs more.
    private const int MaxTokenLength = 16 * 1024;

    private static readonly string[] Symmetric = [SecurityAlgorithms.HmacSha256];

    private static readonly string[] Asymmetric =
    [
        SecurityAlgorithms.RsaSha256, SecurityAlgorithms.RsaSha384, SecurityAlgorithms.RsaSha512,
        SecurityAlgorithms.RsaSsaPssSha256, SecurityAlgorithms.RsaSsaPssSha384, SecurityAlgorithms.RsaSsaPssSha512,
        SecurityAlgorithms.EcdsaSha256, SecurityAlgorithms.EcdsaSha384, SecurityAlgorithms.EcdsaSha512,
    ];

    private readonly JsonWebTokenHandler _handler = new() { MapInboundClaims = false, MaximumTokenSizeInBytes = MaxTokenLength };
    private readonly JwtOptions _jwt;
    private readonly List<TokenValidationParameters> _fixed = [];
    private readonly OidcAuthority? _authority;
    private readonly RevokedUsers _revoked;
    private readonly Grants _defaultGrants;
    private readonly bool _allowAnonymous;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;

    /// <param name="authority">Where <c>Fanout:Auth:Jwt:Authority</c> is set.</param>
    public TokenAuthenticator(AuthOptions options, RevokedUsers revoked, TimeProvider time, ILogger<TokenAuthenticator> logger, OidcAuthority? authority = null)
    {
        _time = time;
        _jwt = options.Jwt;
        _revoked = revoked;
        _authority = authority;
        _allowAnonymous = options.AllowAnonymous ?? false;
        _defaultGrants = options.DefaultGrants.ToGrants();
        if (_jwt.SigningKey is { } secret)
            _fixed.Add(Parameters(_jwt.Issuer, Symmetric, new SymmetricSecurityKey(Encoding.UTF8.GetBytes(secret))));
        if (_jwt.PublicKeyPem is { } pem)
            _fixed.Add(Parameters(_jwt.Issuer, Asymmetric, PublicKeys.FromPem(pem)));
        _logger = logger;
    }

    public async ValueTask<Authentication> AuthenticateAsync(string? token)
    {
        if (string.IsNullOrEmpty(token))
            return Anybody();
        if (!_jwt.IsConfigured)
        {
            // A token that nobody can check proves nothing; its bearer is as anonymous as one without.
            LogRefused(_logger, "no key is configured (Fanout:Auth:Jwt)");
            return Anybody();
        }

        if (token.Length > MaxTokenLength)
            return Refuse("it is longer than any token should be");
        var (result, mayWait) = await ValidateAsync(token);
        if (result is null)
        {
            LogRefused(_logger, "the authority's keys have not been read yet");
            return new Authentication(AuthenticationOutcome.Unavailable);
        }

        if (!result.IsValid)
        {
            // Good for none of the fixed keys; whether it is for the authority's, nobody knows yet.
            if (mayWait)
                return new Authentication(AuthenticationOutcome.Unavailable);
            return Refuse(ReasonOf(result.Exception));
        }

        // The tolerance is for clocks that run ahead of ours; a token that has ended would be closed with 4002 at once.
        if (result.SecurityToken.ValidTo != DateTime.MinValue && result.SecurityToken.ValidTo <= _time.GetUtcNow().UtcDateTime)
            return Refuse("it has expired");
        return Read((JsonWebToken)result.SecurityToken);
    }

    // By the fixed keys first: that costs no network. Null: only the authority could tell, and its keys are not known.
    private async ValueTask<(TokenValidationResult? Result, bool MayWait)> ValidateAsync(string token)
    {
        TokenValidationResult? result = null;
        foreach (var parameters in _fixed)
        {
            result = await _handler.ValidateTokenAsync(token, parameters);
            if (result.IsValid)
                return (result, false);
        }

        if (_authority is null || result?.Exception is SecurityTokenMalformedException)
            return (result, false);
        if (_authority.Current is null && (!await _authority.RefreshForUnknownKeyAsync() || _authority.Current is null))
            return (result, true);
        result = await ValidateByAuthorityAsync(token);
        if (result.Exception is SecurityTokenSignatureKeyNotFoundException && await _authority.RefreshForUnknownKeyAsync())
            result = await ValidateByAuthorityAsync(token);
        return (result, false);
    }

    private async Task<TokenValidationResult> ValidateByAuthorityAsync(string token)
    {
        var authority = _authority!.Current!;
        var parameters = Parameters(_jwt.Issuer ?? authority.Issuer, Asymmetric);
        parameters.IssuerSigningKeys = authority.SigningKeys;
        // A token that names its key is not tried with others: that one is missing means that keys were rotated.
        parameters.TryAllIssuerSigningKeys = !_handler.CanReadToken(token) || string.IsNullOrEmpty(_handler.ReadJsonWebToken(token).Kid);
        return await _handler.ValidateTokenAsync(token, parameters);
    }

    private Authentication Anybody() =>
        _allowAnonymous ? Authentication.Accept(Principal.Anonymous) : default;

    private Authentication Refuse(string reason)
    {
        LogRefused(_logger, reason);
        return default;
    }

    private Authentication Read(JsonWebToken token)
    {
        if (string.IsNullOrEmpty(token.Subject) || UserRoom.TryNameFor(token.Subject) is null)
            return Refuse("its 'sub' is missing or too long");
        if (_revoked.IsRevoked(token.Subject))
        {
            LogRefused(_logger, "its user was disconnected by an operator and stays out for now");
            return new Authentication(AuthenticationOutcome.Revoked);
        }

        if (!FanoutClaim.TryRead(token, _defaultGrants, out var grants, out var info))
            return Refuse("its claim 'fanout' is not an object of pattern lists");
        return Authentication.Accept(new Principal(
            token.Subject, grants, info, token.ValidTo == DateTime.MinValue ? null : new DateTimeOffset(token.ValidTo, TimeSpan.Zero)));
    }

    private TokenValidationParameters Parameters(string? issuer, string[] algorithms, SecurityKey? key = null) => new()
    {
        IssuerSigningKey = key,
        ValidIssuer = issuer,
        ValidateIssuer = issuer is not null,
        ValidAudience = _jwt.Audience,
        ValidateAudience = _jwt.Audience is not null,
        ClockSkew = _jwt.ClockSkew,
        RequireExpirationTime = false,
        ValidAlgorithms = algorithms,
    };

    // The library's messages can hold parts of the token; its exception's kind says enough.
    private static string ReasonOf(Exception? exception) => exception switch
    {
        SecurityTokenExpiredException => "it has expired",
        SecurityTokenNotYetValidException => "it is not valid yet",
        SecurityTokenInvalidIssuerException => "its issuer is another",
        SecurityTokenInvalidAudienceException => "its audience is another",
        SecurityTokenInvalidAlgorithmException => "its algorithm does not fit the key",
        SecurityTokenSignatureKeyNotFoundException or SecurityTokenInvalidSignatureException => "its signature is not by a known key",
        SecurityTokenMalformedException => "it is no JSON web token",
        CryptographicException => "its signature cannot be checked",
        null => "unknown",
        _ => exception.GetType().Name,
    };

    [LoggerMessage(1500, LogLevel.Information, "A token was refused: {Reason}", EventName = "TokenRefused")]
    private static partial void LogRefused(ILogger logger, string reason);
}
