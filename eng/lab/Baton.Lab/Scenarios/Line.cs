namespace Baton.Lab.Scenarios;

/// <summary>A line of a scenario with the lines that are indented below it.</summary>
public sealed record Line(int Number, string Text, IReadOnlyList<Line> Body);
