namespace Fanout.Node.Backplane.Redis;

/// <summary>What a probe found.</summary>
internal enum ProbeResult
{
    /// <summary>It came back.</summary>
    Returned,

    /// <summary>It could not be sent. Of the subscription that says nothing.</summary>
    NotSent,

    /// <summary>There is no subscription connection at the moment; one is being made.</summary>
    NoSubscription,

    /// <summary>It was sent and did not come back: the subscription is dead, whatever TCP says.</summary>
    Lost,
}

/// <summary>One probe, apart from when it is sent and what follows from it.</summary>
internal interface IProbe
{
    /// <summary>Completes when there is something to probe.</summary>
    Task Connected { get; }

    /// <summary>Sends a probe and waits for it.</summary>
    Task<ProbeResult> ProbeAsync(CancellationToken cancellation);

    /// <summary>Drops the subscription connection on which the last probe was lost, unless another one has taken its place.</summary>
    void DropSubscription();
}
