namespace Fanout.Node.Diagnostics;

/// <summary>A part of the node that may be a reason not to send clients here, beside the backplane and the drain.</summary>
internal interface IReadinessCheck
{
    /// <summary>What it says now. <see cref="ReadinessCheck.Since"/> is kept by whoever asks.</summary>
    (string Name, bool Ok, string Detail) Check();
}
