using System.Runtime.Versioning;
using Xunit.Sdk;
using Xunit.v3;

[assembly: SupportedOSPlatform("linux")]

// Each test has two cores' worth of processes.
[assembly: Parallelization(Mode = ParallelMode.None)]
