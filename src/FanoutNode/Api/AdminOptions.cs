namespace Fanout.Node.Api;

/// <summary>Settings under <c>Fanout:Admin</c>.</summary>
internal sealed class AdminOptions
{
    /// <summary>
    /// Where the API, the console, <c>/metrics</c> and health are served, over plain HTTP on all addresses, and nowhere else. 0: on every port.
    /// </summary>
    public int Port { get; set; }
}
