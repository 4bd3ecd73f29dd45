using Baton.Redundancy.Members;
using Baton.Redundancy.Records;
using Baton.Wire.Replay;

namespace Baton.Redundancy.Leases;

/// <summary>The replay window of an SA below its ceiling: it stands where the ceiling's term starts (P3). One owner, the data path's.</summary>
public sealed class CeilingWindow(ReplayWindow window) : IExactWindow
{
    private InboundCeiling? _ceiling;
    private ulong _generation;

    public ReplayWindow Window { get; } = window;

    /// <summary>Null where nobody stands by: the window alone judges. Set before the first packet.</summary>
    public InboundCeiling? Ceiling
    {
        get => _ceiling;
        set
        {
            _ceiling = value;
            value?.Window = this;
        }
    }

    /// <inheritdoc cref="BeCurrent(InboundCeiling?, ReplayWindow, ref ulong)"/>
    public void BeCurrent() => BeCurrent(_ceiling, Window, ref _generation);

    /// <summary>Takes over where the term starts. Cheap when nothing changed; before each look at the window.</summary>
    /// <param name="ceiling">Null: the window alone judges.</param>
    /// <param name="generation">The start on which the window is based: its owner keeps it, 0 at first.</param>
    public static void BeCurrent(InboundCeiling? ceiling, ReplayWindow window, ref ulong generation)
    {
        if (ceiling is not null && ceiling.StartGeneration != generation)
            Rebase(ceiling, window, ref generation);
    }

    private static void Rebase(InboundCeiling ceiling, ReplayWindow window, ref ulong generation)
    {
        InboundStart start = ceiling.Start;
        generation = start.Generation;
        if (start.Window is { } exact)
            window.Import(exact.Top, exact.Bitmap.Span);
        else
            window.StartAbove(Math.Max(start.Floor, window.Top));
    }

    /// <summary>May a number be accepted that is authentic and fresh? Does not mark it.</summary>
    public Admission Admit(ulong number) => _ceiling?.Admit(number) ?? Admission.Accept;

    public WindowReport Report()
    {
        BeCurrent();
        return ReportOf(Window);
    }

    /// <summary>What was accepted, exactly.</summary>
    public static WindowReport ReportOf(ReplayWindow window)
    {
        var bitmap = new ulong[window.Size / 64];
        window.Export(bitmap, out ulong top);
        return new WindowReport(top, bitmap);
    }
}
