using Baton.Lab;
using Baton.Lab.Batons;

return args is [OperatorProcess.Argument, .. var files] ? await OperatorProcess.RunAsync(files) : LabProgram.Run(args, Console.Out);
