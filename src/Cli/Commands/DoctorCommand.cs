using System.CommandLine;
using Fanout.Cli.Doctor;
using Fanout.Cli.Redis;
using Fanout.Cli.Running;

namespace Fanout.Cli.Commands;

/// <summary><c>fanout doctor</c>: checks a node and its Redis.</summary>
internal static class DoctorCommand
{
    public static Command Create(Tool tool)
    {
        var redis = new Option<string?>("--redis") { Description = "The Redis to check, as in Fanout:Redis:ConnectionString. Better set FANOUT_REDIS if it holds a password", HelpName = "connection" };
        var prefix = new Option<string?>("--redis-prefix") { Description = "Fanout:Redis:Prefix [fanout:]", HelpName = "text" };
        var origin = new Option<string[]>("--origin") { Description = "An origin that browsers must be able to come from; may be repeated", HelpName = "origin" };
        var noNode = new Option<bool>("--no-node") { Description = "Check the Redis alone" };
        var strict = new Option<bool>("--strict") { Description = "Warnings fail too" };
        var command = new Command("doctor", "Check a node and its Redis, and say what to do") { redis, prefix, origin, noNode, strict }
            .WithExamples("doctor", "doctor --redis localhost:6379", "doctor --redis redis:6379,password=... --no-node", "doctor --url https://push.example.com --origin https://app.example.com --strict");

        return tool.With(command, async run =>
        {
            var findings = new Findings(run.Terminal);
            var connection = run.Get(redis) ?? Surroundings.Redis;
            if (run.Get(noNode) && connection is null)
                throw CliException.Usage("There is nothing to check: --no-node, and no --redis.");
            if (!run.Get(noNode))
                await new NodeDoctor(run, findings, run.Get(origin) ?? []).CheckAsync();
            if (connection is not null)
                await new RedisDoctor(run, findings, connection, run.Get(prefix) ?? Surroundings.RedisPrefix ?? "fanout:").CheckAsync();
            else
                findings.Skip("redis", "connect", "not checked", "Name it with --redis or FANOUT_REDIS, as in Fanout:Redis:ConnectionString.");
            findings.End();
            return findings.Failures > 0 || (run.Get(strict) && findings.Warnings > 0) ? ExitCode.Failed : ExitCode.Ok;
        });
    }
}
