using Xunit;

namespace Fanout.Tests.Integration.Support;

/// <summary>What takes the whole machine for itself, and would be the others' noise: runs when they are through, one after the other.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class Alone
{
    public const string Name = "alone";
}
