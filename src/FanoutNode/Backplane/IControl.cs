namespace Fanout.Node.Backplane;

/// <summary>Orders to all nodes, this one included (<c>fanout:control</c>); at most once, as everything that is published.</summary>
internal interface IControl
{
    /// <summary>Sends an order.</summary>
    /// <returns>How many nodes heard it.</returns>
    /// <exception cref="BackplaneUnavailableException">It was not sent.</exception>
    ValueTask<long> SendAsync(byte[] order);
}
