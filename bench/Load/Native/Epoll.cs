using System.Runtime.InteropServices;

namespace Fanout.Bench.Load.Native;

/// <summary>An epoll set whose entries carry a number each. Level-triggered: what one read leaves is told again.</summary>
internal sealed unsafe class Epoll : IDisposable
{
    private const int MaxEvents = 512;

    // The kernel packs the structure on x86-64 alone.
    private static readonly bool IsPacked = RuntimeInformation.ProcessArchitecture == Architecture.X64;
    private static readonly int Stride = IsPacked ? 12 : 16;
    private static readonly int DataOffset = IsPacked ? 4 : 8;

    private readonly int _fd = Libc.EpollCreate(0x80000);
    private readonly byte* _events = (byte*)NativeMemory.AllocZeroed(MaxEvents * 16);

    public void Add(int fd, uint events, int number) => Control(Libc.ControlAdd, fd, events, number);

    public void Modify(int fd, uint events, int number) => Control(Libc.ControlModify, fd, events, number);

    public void Remove(int fd) => Control(Libc.ControlDelete, fd, 0, 0);

    /// <summary>Waits; returns how many events there are.</summary>
    public int Wait(int timeoutMs) => Math.Max(0, Libc.EpollWait(_fd, _events, MaxEvents, timeoutMs));

    public (uint Events, int Number) this[int index]
    {
        get
        {
            var at = _events + (index * Stride);
            return (*(uint*)at, *(int*)(at + DataOffset));
        }
    }

    public void Dispose()
    {
        _ = Libc.Close(_fd);
        NativeMemory.Free(_events);
    }

    private void Control(int operation, int fd, uint events, int number)
    {
        var entry = stackalloc byte[16];
        new Span<byte>(entry, 16).Clear();
        *(uint*)entry = events;
        *(int*)(entry + DataOffset) = number;
        if (Libc.EpollControl(_fd, operation, fd, entry) != 0 && operation != Libc.ControlDelete)
            throw new IOException($"epoll_ctl failed: {Marshal.GetLastPInvokeError()}");
    }
}
