namespace Baton.Cli.Tests.Commands;

/// <summary>Tests that redirect the console: never beside each other.</summary>
[CollectionDefinition("console", DisableParallelization = true)]
public sealed class ConsoleCollection;
