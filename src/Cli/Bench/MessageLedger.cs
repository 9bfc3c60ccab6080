namespace Fanout.Cli.Bench;

/// <summary>What became of each message: whether the service took it, and how many members have it. Thread-safe.</summary>
internal sealed class MessageLedger(BenchPlan plan)
{
    private const int ChunkBits = 16;
    private const int ChunkSize = 1 << ChunkBits;

    // Numbers go round in the stamp after 2^32; nobody measures for so long.
    private readonly Chunk?[] _chunks = new Chunk?[4096];
    private readonly Lock _gate = new();
    private readonly Dictionary<string, long> _refusals = new(StringComparer.Ordinal);
    private long _deliveries;
    private long _complete;

    public long Deliveries => Interlocked.Read(ref _deliveries);

    /// <summary>Messages that were answered or that every member has.</summary>
    public long Complete => Interlocked.Read(ref _complete);

    public static long Capacity => 4096L * ChunkSize;

    /// <summary>To be called before a message goes out.</summary>
    public void Begin(uint number) => ChunkOf(number);

    /// <returns>Whether every member of its room has it with this delivery.</returns>
    public bool Deliver(uint number)
    {
        if (_chunks[number >> ChunkBits] is not { } chunk)
            return false;
        Interlocked.Increment(ref _deliveries);
        if (Interlocked.Increment(ref chunk.Deliveries[number & (ChunkSize - 1)]) != plan.MembersOf(RoomOf(number)))
            return false;
        Interlocked.Increment(ref _complete);
        // One that counts as refused, since its connection was lost, has been told before.
        return chunk.States[number & (ChunkSize - 1)] != State.Refused;
    }

    public void Accept(uint number) => ChunkOf(number).States[number & (ChunkSize - 1)] = State.Accepted;

    /// <summary>Called for each message that is refused: no delivery is to be waited for.</summary>
    public Action OnRefused { get; init; } = static () => { };

    public void Refuse(uint number, string code)
    {
        ChunkOf(number).States[number & (ChunkSize - 1)] = State.Refused;
        lock (_gate)
            _refusals[code] = _refusals.GetValueOrDefault(code) + 1;
        OnRefused();
    }

    public int RoomOf(uint number) => (int)(number % (uint)plan.Rooms);

    public LedgerSum Sum(uint published)
    {
        long accepted = 0, unknown = 0, lost = 0, repeated = 0;
        for (uint number = 0; number < published; number++)
        {
            var chunk = _chunks[number >> ChunkBits]!;
            var missing = plan.MembersOf(RoomOf(number)) - chunk.Deliveries[number & (ChunkSize - 1)];
            repeated += Math.Max(0, -missing);
            switch (chunk.States[number & (ChunkSize - 1)])
            {
                case State.Accepted:
                    accepted++;
                    lost += Math.Max(0, missing);
                    break;
                // One that was delivered to everybody was taken, whether its answer came or not.
                case State.Sent when missing > 0:
                    unknown++;
                    break;
                case State.Sent:
                    accepted++;
                    break;
            }
        }

        lock (_gate)
            return new LedgerSum(accepted, unknown, lost, repeated, new SortedDictionary<string, long>(_refusals, StringComparer.Ordinal));
    }

    /// <summary>Whether all messages that were taken have reached all members.</summary>
    public bool IsSettled(uint published)
    {
        for (uint number = 0; number < published; number++)
        {
            var chunk = _chunks[number >> ChunkBits]!;
            var state = chunk.States[number & (ChunkSize - 1)];
            if (state == State.Sent || (state == State.Accepted && Volatile.Read(ref chunk.Deliveries[number & (ChunkSize - 1)]) < plan.MembersOf(RoomOf(number))))
                return false;
        }

        return true;
    }

    private Chunk ChunkOf(uint number)
    {
        ref var place = ref _chunks[number >> ChunkBits];
        return Volatile.Read(ref place) ?? Interlocked.CompareExchange(ref place, new Chunk(), null) ?? place;
    }

    private enum State : byte
    {
        Sent,
        Accepted,
        Refused,
    }

    private sealed class Chunk
    {
        public int[] Deliveries { get; } = new int[ChunkSize];

        public State[] States { get; } = new State[ChunkSize];
    }
}

/// <param name="Unknown">Messages that nobody answered for.</param>
/// <param name="Lost">Deliveries of accepted messages that never came.</param>
/// <param name="Repeated">Deliveries too many.</param>
internal sealed record LedgerSum(long Accepted, long Unknown, long Lost, long Repeated, IReadOnlyDictionary<string, long> Refused);
