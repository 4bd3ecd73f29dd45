using System.Runtime.CompilerServices;
using System.Runtime.Versioning;

[assembly: SupportedOSPlatform("linux")]
[assembly: InternalsVisibleTo("Baton.Cli.Tests")]
[assembly: InternalsVisibleTo("Baton.Claims")]
[assembly: InternalsVisibleTo("Baton.Latency")]
[assembly: InternalsVisibleTo("Baton.Throughput")]
