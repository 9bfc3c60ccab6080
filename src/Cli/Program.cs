using Fanout.Cli.Running;

return await Tool.RunAsync(args);
