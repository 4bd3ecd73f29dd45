using System.Globalization;
using System.Text;

namespace Baton.Simulation.Observing;

internal enum TraceKind : byte
{
    Input,
    Output,
    Started,
    Crashed,
    Paused,
    Resumed,
    Sent,
    Accepted,
    Delivered,
    Fault,
    Durable,
    ClockJump,
    Link,
    Replay,
    Jumped,
    HandlerInput,
    HandlerOutput,
}

/// <summary>What happened, as structs: formatted only when somebody reads it. Its hash tells whether two runs were the same.</summary>
internal sealed class Trace(bool keepAll)
{
    private const int Kept = 160;
    private readonly List<(long At, TraceKind Kind, int Node, ulong A, ulong B, object? What)> _entries = [];
    private int _oldest;

    public ulong Hash { get; private set; } = 14695981039346656037;

    public void Add(long at, TraceKind kind, int node, ulong a, ulong b, object? what)
    {
        Mix((ulong)at);
        Mix(((ulong)kind << 8) | (uint)node);
        Mix(a);
        Mix(b);
        if (keepAll || _entries.Count < Kept)
        {
            _entries.Add((at, kind, node, a, b, what));
            return;
        }

        _entries[_oldest] = (at, kind, node, a, b, what);
        _oldest = (_oldest + 1) % Kept;
    }

    private void Mix(ulong value) => Hash = (Hash ^ value) * 1099511628211;

    public string Print()
    {
        var text = new StringBuilder();
        for (int i = 0; i < _entries.Count; i++)
        {
            (long at, TraceKind kind, int node, ulong a, ulong b, object? what) = _entries[(_oldest + i) % _entries.Count];
            text.Append(CultureInfo.InvariantCulture, $"{at / 1e6,11:F3} ms  {"ABCHo"[node]}  {kind,-13} ");
            text.AppendLine(kind switch
            {
                TraceKind.Sent => $"sa[{a}] number {b}",
                TraceKind.Accepted => $"sa[{a}] number {b}",
                TraceKind.Delivered => $"sa[{a}] number {b} (peer)",
                TraceKind.Replay => $"sa[{a}] number {b} sent again by the attacker",
                _ => $"{TraceText.Of(what)}{(a == 0 && b == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $" [{a} {b}]"))}",
            });
        }

        return text.ToString();
    }
}
