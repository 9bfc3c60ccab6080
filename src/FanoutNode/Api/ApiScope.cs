namespace Fanout.Node.Api;

/// <summary>What a key may do.</summary>
internal static class ApiScope
{
    public const string Publish = "publish";
    public const string Read = "read";
    public const string Admin = "admin";

    public static readonly IReadOnlyList<string> All = [Publish, Read, Admin];
}
