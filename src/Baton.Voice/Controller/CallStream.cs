using System.Net;
using Baton.Media.Sdp;
using Baton.Srtp;
using Baton.Wire;

namespace Baton.Voice.Controller;

/// <summary>One side of a stream: what its phone said, and the keys between it and us.</summary>
internal sealed class StreamSide(ushort port) : IDisposable
{
    private readonly Dictionary<SrtpSuite, SrtpMasterKey> _ours = [];

    /// <summary>Ours towards this phone: RTP; RTCP is the next.</summary>
    internal ushort Port => port;

    internal SdpPhone? Phone { get; set; }

    internal bool Mux { get; set; }

    internal bool IsSrtp { get; set; }

    internal bool EncryptsRtcp { get; set; } = true;

    internal SrtpMasterKey? PhoneKey { get; private set; }

    internal SrtpMasterKey? OurKey { get; set; }

    internal IReadOnlyCollection<SrtpMasterKey> AllOurs => _ours.Values;

    /// <summary>Its phone has said what it wants.</summary>
    internal bool Answered { get; set; }

    /// <summary>What we seal with for this phone in that suite: the same for as long as the stream lives, so that no later offer begins anew.</summary>
    internal SrtpMasterKey Ours(SrtpSuite suite, FillRandom random)
    {
        if (_ours.TryGetValue(suite, out SrtpMasterKey? key))
            return key;
        Span<byte> bytes = stackalloc byte[SrtpMasterKey.LengthOf(suite)];
        random(bytes);
        key = new SrtpMasterKey(suite, bytes);
        bytes.Clear();
        _ours.Add(suite, key);
        return key;
    }

    /// <summary>Takes a copy; the key that was there stays where it is the same.</summary>
    internal void TakePhoneKey(SrtpMasterKey? key)
    {
        if (key is not null && PhoneKey is not null && PhoneKey.SameAs(key))
            return;
        PhoneKey?.Dispose();
        PhoneKey = key is null ? null : new SrtpMasterKey(key.Suite, key.KeyAndSalt);
    }

    /// <summary>As an earlier controller had it.</summary>
    internal void Restore(NoteSide side)
    {
        (Phone, Mux, EncryptsRtcp, Answered, IsSrtp) = (side.Phone, side.Mux, side.EncryptsRtcp, side.Answered, side.OurSuite is not null);
        TakePhoneKey(side.PhoneKey);
        foreach (SrtpMasterKey key in side.Ours)
            _ours.TryAdd(key.Suite, new SrtpMasterKey(key.Suite, key.KeyAndSalt));
        OurKey = side.OurSuite is { } suite ? _ours[suite] : null;
    }

    internal LegOrder Order(IPAddress address) => new(
        address, Port, Port + 1, Phone is { IsOnHold: false } ? Phone.Rtp : null, Phone is { IsOnHold: false } ? Phone.Rtcp : null,
        Mux, IsSrtp, IsSrtp ? PhoneKey : null, IsSrtp ? OurKey : null, EncryptsRtcp, Answered);

    public void Dispose()
    {
        PhoneKey?.Dispose();
        foreach (SrtpMasterKey key in _ours.Values)
            key.Dispose();
        (PhoneKey, OurKey) = (null, null);
    }
}

/// <summary>One media of a branch: two sides, and what the media gateways know of it.</summary>
internal sealed class CallStream(ulong id, Branch branch, ushort portA, ushort portB) : IDisposable
{
    private readonly StreamSide[] _sides = [new(portA), new(portB)];

    internal ulong Id => id;

    internal Branch Branch => branch;

    /// <summary>What the members were told last.</summary>
    internal StreamOrder? Told { get; set; }

    /// <summary>Both phones have agreed on it.</summary>
    internal bool IsAgreed => _sides[0].Answered && _sides[1].Answered;

    /// <summary>A phone wants no media now, or only one way: silence means nothing.</summary>
    internal bool IsOnHold { get; set; }

    /// <summary>Its media gateway said then that nothing is heard of it. Null: it has not said so.</summary>
    internal Instant? SaidSilentAt { get; set; }

    /// <param name="holds">So long its word is believed, unless it says so again.</param>
    internal bool IsSilent(Instant now, TimeSpan holds) => SaidSilentAt is { } said && now - said < holds;

    internal string Kind { get; set; } = "";

    internal StreamSide Side(int side) => _sides[side];

    /// <param name="notes">Null: without a note, to compare with what was told.</param>
    internal StreamOrder Order(NoteSealer? notes) => new(
        id, (Told?.Version ?? 0) + 1, branch.Call.Id, _sides[0].Order(branch.Address(0)), _sides[1].Order(branch.Address(1)))
    {
        Note = notes?.Seal(id, CallNote.Of(this).Write()),
        FromTag = branch.Tag(0) ?? "",
        ToTag = branch.Tag(1) ?? "",
    };

    public void Dispose()
    {
        _sides[0].Dispose();
        _sides[1].Dispose();
    }
}
