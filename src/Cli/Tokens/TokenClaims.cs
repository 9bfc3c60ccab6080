namespace Fanout.Cli.Tokens;

/// <summary>What a token is to say (docs/protocol.md, section 2.3).</summary>
internal sealed record TokenClaims
{
    public required string Subject { get; init; }

    public IReadOnlyList<string> Join { get; init; } = [];

    public IReadOnlyList<string> Publish { get; init; } = [];

    public IReadOnlyList<string> Presence { get; init; } = [];

    /// <summary>Methods that may be requested of back ends.</summary>
    public IReadOnlyList<string> Request { get; init; } = [];

    /// <summary>Whether the claim <c>fanout</c> is there; one that grants nothing is not the same as none.</summary>
    public bool HasGrants { get; init; }

    public string? InfoJson { get; init; }

    public string? Issuer { get; init; }

    public string? Audience { get; init; }

    public DateTimeOffset IssuedAt { get; init; }

    /// <summary>Null: for ever.</summary>
    public TimeSpan? Lifetime { get; init; }

    public DateTimeOffset? Expires => Lifetime is { } lifetime ? DateTimeOffset.FromUnixTimeSeconds((IssuedAt + lifetime).ToUnixTimeSeconds()) : null;
}
