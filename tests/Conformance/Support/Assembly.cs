using Fanout.Tests.Conformance.Support;
using Xunit;

[assembly: AssemblyFixture(typeof(EchoNode))]
