namespace Fanout.Node.Backplane;

/// <summary>The backplane did not do what was asked because it cannot be reached. Nothing is known to have changed there.</summary>
internal sealed class BackplaneUnavailableException : Exception
{
    public BackplaneUnavailableException(string message, Exception? inner = null)
        : base(message, inner)
    {
    }
}
