namespace Fanout.Bench.Load.Measuring;

/// <summary>Waits for other processes to leave the machine alone, for so long in all.</summary>
internal sealed class Quiet(TimeSpan patience)
{
    private const double IdleCores = 0.15;

    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(500);

    private TimeSpan _left = patience;

    /// <summary>To be called while the server has nothing to do.</summary>
    public void Wait()
    {
        var waited = false;
        while (_left > TimeSpan.Zero)
        {
            var before = ProcessUsage.MachineCpuSeconds();
            Thread.Sleep(Look);
            if (ProcessUsage.MachineCpuSeconds() - before < IdleCores * Look.TotalSeconds)
                return;
            if (!waited)
                Console.WriteLine($"(others are busy; waiting, {_left.TotalSeconds:0} s at most)");
            waited = true;
            _left -= Look;
        }
    }
}
