namespace Fanout.Node.Backplane;

/// <summary>A user that stays out.</summary>
/// <param name="Remaining">For so long, by the backplane's clock: clocks of nodes may differ.</param>
internal sealed record Revocation(string User, TimeSpan Remaining);

/// <summary>Users that stay out for a time, kept for nodes that missed the order or start later.</summary>
internal interface IRevocations
{
    /// <summary>Keeps a user out for so long from now; of two times the later one counts.</summary>
    /// <exception cref="BackplaneUnavailableException">It was not stored.</exception>
    ValueTask AddAsync(string user, TimeSpan duration);

    /// <summary>Lets a user in again.</summary>
    /// <exception cref="BackplaneUnavailableException">It was not stored.</exception>
    ValueTask LiftAsync(string user);

    /// <summary>All that have not ended.</summary>
    /// <exception cref="BackplaneUnavailableException">They cannot be read.</exception>
    ValueTask<IReadOnlyList<Revocation>> ListAsync();
}
