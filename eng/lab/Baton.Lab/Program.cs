using Baton.Lab;

return LabProgram.Run(args, Console.Out);
