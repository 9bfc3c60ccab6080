using Fanout.Node.Api;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Hosting.Internal;
using Xunit;

namespace Fanout.Tests.Unit.Api;

public sealed class ApiKeysTests
{
    [Theory]
    [InlineData("first-key", "first")]
    [InlineData("schlüssel-🔑", "second")]
    [InlineData("first-kex", null)]
    [InlineData("First-Key", null)]
    [InlineData("first-ke", null)]
    [InlineData("first-key ", null)]
    [InlineData("first-key\0", null)]
    [InlineData("first", null)]
    [InlineData("", null)]
    [InlineData(null, null)]
    public void Find_KnowsAWholeKeyAndNothingElse(string? key, string? owner) => Assert.Equal(owner, Keys().Find(key)?.Name);

    [Fact]
    public void Find_AmongManyKeys_FindsEach()
    {
        var keys = Keys([.. Enumerable.Range(0, 2000).Select(i => new ApiKeyOptions { Name = $"n{i}", Key = $"key number {i}" })]);

        Assert.All(Enumerable.Range(0, 2000), i => Assert.Equal($"n{i}", keys.Find($"key number {i}")?.Name));
        Assert.Null(keys.Find("key number 2000"));
    }

    [Theory]
    [InlineData("Development", true)]
    [InlineData("Production", false)]
    public void NoKeys_AreOpenInDevelopmentAlone(string environment, bool isOpen)
    {
        var keys = new ApiKeys(new ApiOptions(), new HostingEnvironment { EnvironmentName = environment });

        Assert.Equal(isOpen, keys.IsOpen);
        Assert.Equal(isOpen, keys.Find(null) is not null);
    }

    // "a" with the key "b:c" and "a:b" with the key "c" are two callers with two keys.
    [Fact]
    public void Principals_OfDifferentNames_NeverMeet()
    {
        string[] names = ["a", "a:b", "a%3Ab", "a%b", "%", ":", "::"];
        var principals = names.Select(name => new ApiKeyOptions { Name = name }.Principal).ToList();

        Assert.Equal(names.Length, principals.Distinct().Count());
        Assert.All(principals, principal => Assert.DoesNotContain(':', principal));
        Assert.Equal("api.a", principals[0]);
    }

    private static ApiKeys Keys(params ApiKeyOptions[] keys) => new(
        new ApiOptions { Keys = keys.Length > 0 ? [.. keys] : [new() { Name = "first", Key = "first-key" }, new() { Name = "second", Key = "schlüssel-🔑" }] },
        new HostingEnvironment { EnvironmentName = Environments.Production });
}
