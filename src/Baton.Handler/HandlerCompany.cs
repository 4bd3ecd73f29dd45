namespace Baton.Handler;

/// <summary>What a process does that is a handler and more: a controller.</summary>
/// <param name="Role">What it calls itself in its status.</param>
/// <param name="Counters">By name, for status and metrics; from any thread.</param>
/// <param name="Warnings">Sentences for the operator; from any thread.</param>
public sealed record HandlerCompany(string Role, Func<IEnumerable<KeyValuePair<string, ulong>>> Counters, Func<IEnumerable<string>> Warnings);
