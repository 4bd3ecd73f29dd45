using Baton.Cli;

return await BatonProgram.RunAsync(args).ConfigureAwait(false);
