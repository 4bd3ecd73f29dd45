namespace Baton.Cluster.Configuration;

/// <summary>One thing wrong with a file: where, what it says, why that cannot be, and what to write instead.</summary>
/// <param name="Key">Empty: the file itself.</param>
public sealed record ConfigError(string Key, string Value, string Problem, string Remedy, int Line = 0)
{
    public override string ToString() =>
        $"{(Line > 0 ? $"line {Line}: " : "")}{Key}{(Value.Length > 0 ? $" = {Value}" : "")}{(Key.Length > 0 ? ": " : "")}{Problem}. {Remedy}";
}

/// <param name="Options">Null when there are errors.</param>
/// <param name="Warnings">Things that work and should not stay so; the node logs them loudly at start.</param>
public sealed record ConfigResult(NodeOptions? Options, IReadOnlyList<ConfigError> Errors, IReadOnlyList<string> Warnings);
