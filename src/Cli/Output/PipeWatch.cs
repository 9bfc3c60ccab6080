using System.Runtime.InteropServices;

namespace Fanout.Cli.Output;

/// <summary>Notices that the reader of our output is gone while there is nothing to write, as <c>tail -f</c> does.</summary>
internal static partial class PipeWatch
{
    private const short Gone = 0x8 | 0x10 | 0x20; // POLLERR: the reader of a pipe is gone; POLLHUP: of a socket; POLLNVAL: there is no output.

    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(500);

    /// <summary>Ends when the reader is gone, or by cancellation.</summary>
    public static async Task WaitForCloseAsync(TimeProvider time, CancellationToken cancellation)
    {
        while (!IsClosed())
            await Task.Delay(Interval, time, cancellation);
    }

    /// <summary>Whether nobody reads what is written. Not known on Windows, where writing fails instead.</summary>
    public static bool IsClosed()
    {
        if (!Console.IsOutputRedirected || OperatingSystem.IsWindows())
            return false;
        var poll = new PollDescriptor { Descriptor = 1 };
        return Poll(ref poll, 1, 0) > 0 && (poll.Returned & Gone) != 0;
    }

    [DllImport("libc", EntryPoint = "poll")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Poll(ref PollDescriptor descriptors, nuint count, int timeout);

    [StructLayout(LayoutKind.Sequential)]
    private struct PollDescriptor
    {
        public int Descriptor;
        public short Wanted;
        public short Returned;
    }
}
