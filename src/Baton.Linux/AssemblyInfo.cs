using System.Runtime.CompilerServices;

[assembly: InternalsVisibleTo("Baton.Linux.Tests")]
