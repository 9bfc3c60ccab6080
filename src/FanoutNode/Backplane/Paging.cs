namespace Fanout.Node.Backplane;

/// <summary>Cuts ordered lists into pages. The cursor is the last key of a page, so that a list that changes meanwhile repeats nothing.</summary>
internal static class Paging
{
    /// <summary>One page of a list that is ordered by its key, ordinally.</summary>
    public static Page<T> Cut<T>(IEnumerable<T> ordered, Func<T, string> keyOf, string? after, int limit)
    {
        var items = new List<T>(Math.Min(limit, 256));
        foreach (var item in ordered)
        {
            if (after is not null && string.CompareOrdinal(keyOf(item), after) <= 0)
                continue;
            if (items.Count == limit)
                return new Page<T>(items, keyOf(items[^1]));
            items.Add(item);
        }

        return new Page<T>(items, null);
    }
}
