using Fanout.Node.Backplane;
using Fanout.Node.Backplane.Redis;
using StackExchange.Redis;
using Xunit;

namespace Fanout.Tests.Unit.Backplane.Redis;

public sealed class RedisFaultsTests
{
    public static TheoryData<Exception, bool> Faults => new()
    {
        { new RedisServerException(RedisErrorKind.OutOfMemory, CommandFlags.None, "OOM"), false },
        { new RedisCommandException("not allowed"), false },
        { new BackplaneUnavailableException("no connection"), false },
        { new RedisConnectionException(ConnectionFailureType.UnableToConnect, CommandFlags.None, "refused", null, CommandStatus.Unknown), false },
        { new RedisTimeoutException(CommandFlags.None, "late", CommandStatus.Sent), true },
        { new RedisTimeoutException(CommandFlags.None, "late", CommandStatus.WaitingToBeSent), false },
        { new OperationCanceledException(), true },
        { new ObjectDisposedException("connection"), true },
    };

    [Theory]
    [MemberData(nameof(Faults), DisableDiscoveryEnumeration = true)]
    public void Fault_IsTheBackplanes_AndTellsWhetherTheCommandMayHaveHappened(Exception fault, bool mayHaveHappened)
    {
        Assert.True(RedisFaults.IsBackplaneFault(fault));
        Assert.Equal(mayHaveHappened, RedisFaults.MayHaveHappened(fault));
    }

    [Fact]
    public void Bug_IsNoFaultOfTheBackplane() => Assert.False(RedisFaults.IsBackplaneFault(new NullReferenceException()));
}
