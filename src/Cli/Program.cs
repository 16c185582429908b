return Engine.Cli.CommandLine.Run(args);
