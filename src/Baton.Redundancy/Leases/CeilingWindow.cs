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

    /// <summary>Takes over where the term starts. Cheap when nothing changed; before each look at the window.</summary>
    public void BeCurrent()
    {
        if (_ceiling is null)
            return;
        InboundStart start = _ceiling.Start;
        if (start.Generation == _generation)
            return;
        _generation = start.Generation;
        if (start.Window is { } exact)
            Window.Import(exact.Top, exact.Bitmap.Span);
        else
            Window.StartAbove(Math.Max(start.Floor, Window.Top));
    }

    /// <summary>May a number be accepted that is authentic and fresh? Does not mark it.</summary>
    public Admission Admit(ulong number) => _ceiling?.Admit(number) ?? Admission.Accept;

    public WindowReport Report()
    {
        BeCurrent();
        var bitmap = new ulong[Window.Size / 64];
        Window.Export(bitmap, out ulong top);
        return new WindowReport(top, bitmap);
    }
}
