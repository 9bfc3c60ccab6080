namespace Fanout.Tests.Integration.Support;

internal static class Rooms
{
    /// <summary>A room that no other test uses.</summary>
    public static string New(string kind = "room") => $"{kind}-{Guid.NewGuid().ToString("N")[..12]}";
}
