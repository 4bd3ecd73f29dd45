using Baton.Redundancy.Leases;
using Baton.Redundancy.Members;
using Baton.Srtp;
using Baton.Wire;

namespace Baton.Voice.MediaGateway;

/// <summary>One source (SSRC) of RTP or RTCP that speaks at a leg, with the SAs that it needs: one to open it, one to seal it for the other phone, or none.</summary>
/// <remarks>
/// A packet that must wait is kept as it came and judged anew later, so nothing may be marked before both SAs admit it:
/// <code>
///   check both numbers -> keep, if one may have to wait -> open -> ask both ceilings -> mark -> seal
/// </code>
/// </remarks>
internal abstract class MediaSource(MediaLeg leg, SrtpHalf half, uint ssrc) : IDisposable
{
    public MediaLeg Leg { get; } = leg;

    public SrtpHalf Half { get; } = half;

    public uint Ssrc { get; } = ssrc;

    /// <summary>The SAs that this member has no ceiling or lease for yet: until it has, nothing passes.</summary>
    public List<MediaSaRole> Missing { get; } = [];

    /// <summary>The number that its SAs begin with; 0: not known here yet.</summary>
    public ulong First { get; set; }

    /// <summary>The number that the SA begins with that seals it, where that is another one; 0: not known here yet.</summary>
    public ulong FirstSealed { get; set; }

    /// <summary>When its SAs were last asked for.</summary>
    public Instant? AskedAt { get; set; }

    /// <summary>When it was last heard.</summary>
    public Instant LastAt { get; set; }

    /// <summary>Something of it passed, or the ledger has an SA of it.</summary>
    public bool IsProven { get; set; }

    /// <summary>How many of its packets wait.</summary>
    public int Held { get; set; }

    /// <summary>The number of the last packet that was opened, or is to be sealed.</summary>
    public ulong Number { get; protected set; }

    /// <summary>The number under which the last packet was sealed, or is to be.</summary>
    public ulong SealedNumber { get; protected set; }

    /// <summary>Of RTP: what passed, in the tenure of this member.</summary>
    public StreamMeter Meter { get; private set; } = new();

    /// <summary>The highest number before the last packet; of a successor's first one, where its predecessor stood. 0: nobody knows.</summary>
    public ulong Before { get; protected set; }

    /// <summary>Since when this member knows of it.</summary>
    public Instant KnownSince { get; set; }

    /// <summary>A tenure began: the meter counts anew, behind what another member has let pass.</summary>
    public void MeasureSince(Instant begun)
    {
        Meter = new StreamMeter(begun);
        if (KnownSince < begun)
            Meter.FollowOn(Before, begun);
    }

    /// <summary>May it be forgotten? Never where a number of it was opened or sealed: it would be so twice.</summary>
    public bool MayGo => !IsProven || (Leg.Description.PhoneKey is null && Leg.Other.Description.OurKey is null);

    /// <summary>Opens and seals in place.</summary>
    /// <param name="length">Of the packet; becomes that of what leaves.</param>
    /// <param name="waiting">Keeps a packet that may have to wait.</param>
    /// <param name="newest">Is it the newest of its source? Always so where nothing tells.</param>
    public abstract MediaVerdict Relay(Span<byte> buffer, ref int length, WaitingPackets waiting, out bool newest);

    /// <summary>The ceiling of an SA of this source.</summary>
    /// <param name="again">It had one under this key before: what was accepted then is not known any more, and all of it counts as used.</param>
    public abstract void Attach(MediaSaRole role, InboundCeiling ceiling, bool again);

    /// <summary>Keys of the call changed: begins anew with them, and goes on with those that stayed.</summary>
    public void Rekey(bool opens, bool seals, MediaPolicy policy, bool clustered)
    {
        if (opens)
            SetOpens(policy);
        if (seals)
            SetSeals(policy);
        (First, FirstSealed, AskedAt) = (opens ? 0 : First, seals ? 0 : FirstSealed, null);
        if (clustered)
            Require(opens, seals);
    }

    /// <summary>Which SAs it waits for.</summary>
    public void Require(bool opens = true, bool seals = true)
    {
        Require(MediaSaRole.Opens, opens, Leg.Description.PhoneKey is not null);
        Require(MediaSaRole.Seals, seals, Leg.Other.Description.OurKey is not null);
    }

    private void Require(MediaSaRole role, bool changed, bool needed)
    {
        if (!changed)
            return;
        Missing.Remove(role);
        if (needed)
            Missing.Add(role);
    }

    protected abstract void SetOpens(MediaPolicy policy);

    protected abstract void SetSeals(MediaPolicy policy);

    public abstract void Dispose();

    /// <summary>May a packet with this number have to wait?</summary>
    protected bool MayWait(CeilingWindow? window, ulong number) => Missing.Count > 0 || (window?.Ceiling is { } ceiling && number > ceiling.Ceiling);

    /// <summary>Relayed: it may go on.</summary>
    protected MediaVerdict Ask(CeilingWindow? window, ulong number)
    {
        if (Missing.Count > 0)
            return MediaVerdict.Held;
        return window?.Admit(number) switch
        {
            null or Admission.Accept => MediaVerdict.Relayed,
            Admission.Hold => MediaVerdict.Held,
            Admission.Replayed => MediaVerdict.Replayed,
            _ => MediaVerdict.NotActive,
        };
    }
}
