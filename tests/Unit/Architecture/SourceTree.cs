namespace Fanout.Tests.Unit.Architecture;

/// <summary>The product's source, as it lies in the repository.</summary>
internal static class SourceTree
{
    public static string Root { get; } = FindRoot();

    /// <summary>C# files under src, by their path from there, without what the build made.</summary>
    public static IEnumerable<(string Path, string Text)> CSharpFiles(string folder = "") => Files(folder, "*.cs");

    public static IEnumerable<(string Path, string Text)> Files(string folder, string pattern)
    {
        var source = Path.Combine(Root, "src");
        return Directory.EnumerateFiles(Path.Combine(source, folder), pattern, SearchOption.AllDirectories)
            .Select(file => Path.GetRelativePath(source, file))
            .Where(path => !FoldersOf(path).Any(part => part is "bin" or "obj"))
            .Select(path => (path, File.ReadAllText(Path.Combine(source, path))));
    }

    public static string[] FoldersOf(string path) => (Path.GetDirectoryName(path) ?? "").Split(Path.DirectorySeparatorChar);

    private static string FindRoot()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Fanout.sln")))
                return folder.FullName;
        }

        throw new DirectoryNotFoundException($"No Fanout.sln above {AppContext.BaseDirectory}");
    }
}
