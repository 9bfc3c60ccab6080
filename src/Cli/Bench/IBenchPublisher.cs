namespace Fanout.Cli.Bench;

/// <summary>A way to publish: a socket or the HTTP API.</summary>
internal interface IBenchPublisher : IDisposable
{
    /// <summary>Sends one message, and sees to it that its fate gets into the ledger.</summary>
    /// <param name="time">When it was meant to go out: a delay here is a delay measured.</param>
    Task PublishAsync(uint number, long time, CancellationToken cancellation);

    /// <summary>Why it can go on no longer; null while it can.</summary>
    string? Lost { get; }
}
