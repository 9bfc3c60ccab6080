using Fanout.Node.Rpc;
using Xunit;

namespace Fanout.Tests.Unit.Rpc;

public sealed class MethodPatternTests
{
    [Theory]
    [InlineData("*", "anything at/all?", true)]
    [InlineData("*", "$dollar", true)]
    [InlineData("cart.*", "cart.add", true)]
    [InlineData("cart.*", "cart.", true)]
    [InlineData("cart.*", "Cart.add", false)]
    [InlineData("cart.add", "cart.add", true)]
    [InlineData("cart.add", "cart.add2", false)]
    [InlineData("a?c", "abc", false)]
    [InlineData("a?c", "a?c", true)]
    [InlineData("a\\*", "a\\b", true)]
    [InlineData("a\\*", "a*", false)]
    [InlineData("*.get", "a.b.get", true)]
    public void Pattern_FitsByItsStarsAlone(string pattern, string method, bool fits) => Assert.Equal(fits, MethodPattern.IsMatch(pattern, method));
}
