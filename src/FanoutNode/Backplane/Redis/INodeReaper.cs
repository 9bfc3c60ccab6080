namespace Fanout.Node.Backplane.Redis;

/// <summary>Removes what dead incarnations left behind.</summary>
internal interface INodeReaper
{
    /// <summary>Removes the nodes whose lease ran out.</summary>
    Task ReapAsync(CancellationToken cancellation);

    /// <summary>Removes one incarnation.</summary>
    /// <returns>How many memberships it had.</returns>
    Task<long> RemoveAsync(string id, CancellationToken cancellation);
}
