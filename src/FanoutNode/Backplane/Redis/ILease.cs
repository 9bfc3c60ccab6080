namespace Fanout.Node.Backplane.Redis;

/// <summary>How a renewal found the lease of the node's present incarnation.</summary>
internal enum LeaseContinuity
{
    /// <summary>The incarnation had none: this is its first.</summary>
    New,

    /// <summary>It held.</summary>
    Unbroken,

    /// <summary>It had run out or was gone: somebody may have removed the node's members.</summary>
    Lapsed,
}

/// <summary>What a renewal found.</summary>
/// <param name="Now">In Redis's clock, ms.</param>
/// <param name="ServerIdentity">The run of Redis that answered.</param>
internal readonly record struct LeaseBeat(long Now, LeaseContinuity Continuity, string ServerIdentity);

/// <summary>The lease of this node, apart from when it is renewed.</summary>
internal interface ILease
{
    /// <summary>Completes when there is a place where the lease can be.</summary>
    Task Connected { get; }

    /// <summary>Renews it.</summary>
    Task<LeaseBeat> RenewAsync();
}
