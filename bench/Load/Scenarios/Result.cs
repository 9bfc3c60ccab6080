namespace Fanout.Bench.Load.Scenarios;

/// <summary>What one scenario found out about one server; null where it does not apply.</summary>
internal sealed record Result
{
    /// <summary>As many cores in other hands spoil a measurement.</summary>
    public const double NoisyCores = 0.2;

    public required string Scenario { get; init; }

    public required string Server { get; init; }

    public int Members { get; init; }

    public int Rooms { get; init; }

    public int PayloadBytes { get; init; }

    /// <summary>Length of the measurement.</summary>
    public double Seconds { get; init; }

    public double? PublishesPerSecond { get; init; }

    public double? DeliveriesPerSecond { get; init; }

    /// <summary>User and system time of the server's processes for each delivery, in microseconds.</summary>
    public double? CpuMicrosPerDelivery { get; init; }

    /// <summary>The same of its Redis.</summary>
    public double? RedisCpuMicrosPerDelivery { get; init; }

    public double? P50Ms { get; init; }

    public double? P99Ms { get; init; }

    public double? P999Ms { get; init; }

    /// <summary>Cores that the server and the generator kept busy; both near the machine's number: neither waited for the other.</summary>
    public double? ServerCores { get; init; }

    public double? GeneratorCores { get; init; }

    /// <summary>Cores that were kept busy by processes that have no part in this: a figure beside them is not to be trusted.</summary>
    public double? OtherCores { get; init; }

    public double? ConnectsPerSecond { get; init; }

    public double? CpuMicrosPerConnect { get; init; }

    public double? ConnectP99Ms { get; init; }

    /// <summary>Growth of the server's resident memory for each connection.</summary>
    public double? KilobytesPerConnection { get; init; }

    public double? RedisKilobytesPerConnection { get; init; }

    /// <summary>Rooms that were joined and subscribed to, a second, and the server's CPU time for each.</summary>
    public double? RoomsPerSecond { get; init; }

    public double? CpuMicrosPerRoom { get; init; }

    /// <summary>Growth of the server's resident memory for each room, its member's connection included.</summary>
    public double? KilobytesPerRoom { get; init; }

    public double? RedisKilobytesPerRoom { get; init; }

    /// <summary>From the loss of the subscribing connection until all channels were subscribed again.</summary>
    public double? ResubscribeSeconds { get; init; }

    /// <summary>What became of the member that read nothing.</summary>
    public string? Stalled { get; init; }

    /// <summary>Connections that the server ended.</summary>
    public int Cut { get; init; }

    /// <summary>Messages that did not reach every member.</summary>
    public long Incomplete { get; init; }

    /// <summary>Publishes by HTTP that were refused.</summary>
    public long Refused { get; init; }

    /// <summary>Whether other processes spoiled it.</summary>
    public bool IsDisturbed => OtherCores >= NoisyCores;

    /// <summary>Why there is no measurement.</summary>
    public string? Failure { get; init; }
}
