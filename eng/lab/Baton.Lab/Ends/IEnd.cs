namespace Baton.Lab.Ends;

/// <summary>One end of the tunnel: strongSwan, a bare IKE endpoint, or a Baton cluster. What it is asked for begins; whether it came is seen in <see cref="Look"/>.</summary>
public interface IEnd
{
    void Initiate();

    void RekeyChild();

    void RekeyIke();

    /// <summary>Asks the other end for a sign of life; returns when it came.</summary>
    void Probe();

    void DeleteChild();

    void DeleteIke();

    /// <summary>Ends every IKE SA that is left of a tunnel, whether the other end knows it or not; returns at once.</summary>
    void Forget();

    /// <summary>The IKE SAs that are up, with the child SAs that work.</summary>
    IReadOnlyList<IkeView> Look();

    /// <summary>The end of its log, for a message of failure.</summary>
    string LastWords();
}

/// <summary>An IKE SA as one end sees it: its two SPIs in lower-case hexadecimal, the smaller one first, whoever is the initiator.</summary>
public sealed record IkeView(string Spis, string Suite, IReadOnlyList<ChildView> Children)
{
    public static string Pair(string left, string right) => string.CompareOrdinal(left, right) < 0 ? $"{left}/{right}" : $"{right}/{left}";

    public override string ToString() => $"ike {Spis} {Suite} with {(Children.Count == 0 ? "no child" : string.Join(" and ", Children))}";
}

/// <summary>A pair of child SAs as one end sees it.</summary>
public sealed record ChildView(string SpiIn, string SpiOut, string Suite)
{
    public override string ToString() => $"child in {SpiIn} out {SpiOut} {Suite}";
}
