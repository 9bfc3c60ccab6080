namespace Fanout.Cli.Bench;

/// <summary>What load is to be made.</summary>
/// <param name="Rate">Messages a second over all rooms; 0: as many as come back, <paramref name="InFlight"/> at a time.</param>
/// <param name="PayloadBytes">Characters of the JSON string that is the payload.</param>
/// <param name="OverHttp">Published by the HTTP API instead of sockets.</param>
internal sealed record BenchPlan(
    int Connections, int Rooms, double Rate, int InFlight, int PayloadBytes, TimeSpan WarmUp, TimeSpan Duration, bool OverHttp, string RoomPrefix)
{
    public int MembersOf(int room) => (Connections / Rooms) + (room < Connections % Rooms ? 1 : 0);

    public string RoomName(int room) => string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{RoomPrefix}.{room}");
}
