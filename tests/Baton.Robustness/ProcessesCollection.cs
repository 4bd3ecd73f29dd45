namespace Baton.Robustness;

/// <summary>Each of these tests has two cores' worth of processes: one at a time.</summary>
[CollectionDefinition("processes")]
public sealed class ProcessesCollection;
