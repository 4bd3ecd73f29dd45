using System.Runtime.CompilerServices;

[assembly: InternalsVisibleTo("Baton.Cluster.Tests")]
