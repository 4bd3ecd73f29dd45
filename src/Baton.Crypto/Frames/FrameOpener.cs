using System.Buffers.Binary;
using Baton.Wire;

namespace Baton.Crypto.Frames;

/// <summary>What became of a frame; each verdict is a counter of its reader.</summary>
public enum FrameVerdict
{
    Opened,
    Runt,
    NotAFrame,
    UnknownKey,
    Replayed,
    Forged,

    /// <summary>Of a sender not known yet, and no more of those are looked at just now.</summary>
    TooManyStrangers,
}

/// <summary>Opens what a <see cref="FrameSealer"/> with the same cluster key and label sealed, each frame once.</summary>
/// <remarks>Keeps a key and a replay window of 64 for each sender, of at most <c>senders</c> of them; the one heard longest ago gives way.
/// A sender that is forgotten could be replayed from its first frame, and one of an earlier life of ours too: what a frame says must therefore also
/// be judged by term, sequence or addressee (all our frames carry one). One owner.
/// <para>A stranger's frame costs a key derivation, some ten times the work and the only allocation: so strangers have a budget, and a flood of forged ones
/// costs no more than it. A sender that is known never waits for it; an honest stranger gets through the flood in time, as its frames repeat.</para></remarks>
public sealed class FrameOpener : IDisposable
{
    /// <summary>Strangers looked at in a burst, and a second.</summary>
    public const int StrangersAtOnce = 64, StrangersPerSecond = 500;

    private readonly byte[] _clusterKey;
    private readonly byte _keyId;
    private readonly string _label;
    private readonly Sender?[] _senders;
    private ulong _clock;
    private readonly Allowance _strangers = new(StrangersPerSecond, StrangersAtOnce);

    public FrameOpener(ReadOnlySpan<byte> clusterKey, byte keyId, string label, int senders = 64)
    {
        (_clusterKey, _keyId, _label, _senders) = (clusterKey.ToArray(), keyId, label, new Sender?[senders]);
    }

    /// <summary>Opens in place.</summary>
    /// <param name="frame">A whole datagram; on success its middle is the text.</param>
    /// <param name="text">The text within <paramref name="frame"/>.</param>
    /// <param name="now">For the budget of strangers; it must not go back.</param>
    /// <param name="sender">The sender's nonce, authenticated.</param>
    public FrameVerdict Open(Span<byte> frame, Instant now, out Span<byte> text, out ulong sender)
    {
        text = default;
        sender = 0;
        if (frame.Length < FrameSealer.Overhead)
            return FrameVerdict.Runt;
        if (frame[0] != FrameSealer.Magic)
            return FrameVerdict.NotAFrame;
        if (frame[1] != _keyId)
            return FrameVerdict.UnknownKey;

        ulong nonceOfSender = BinaryPrimitives.ReadUInt64BigEndian(frame[2..]);
        ulong counter = BinaryPrimitives.ReadUInt64BigEndian(frame[10..]);
        Sender? known = Find(nonceOfSender);
        if (known is not null && !known.IsFresh(counter))
            return FrameVerdict.Replayed;
        if (counter == 0)
            return FrameVerdict.Forged;  // no sealer of ours begins there
        if (known is null && !_strangers.TryTake(now))
            return FrameVerdict.TooManyStrangers;

        Span<byte> nonce = stackalloc byte[Aead.NonceLength];
        nonce[..4].Clear();
        BinaryPrimitives.WriteUInt64BigEndian(nonce[4..], counter);
        Span<byte> body = frame[FrameSealer.HeaderLength..^Aead.TagLength];
        Aead aead = known?.Aead ?? FrameKey.Derive(_clusterKey, _label, nonceOfSender, OpenSsl.CipherUse.Open);
        if (!aead.Open(nonce, frame[..FrameSealer.HeaderLength], body, frame[^Aead.TagLength..]))
        {
            if (known is null)
                aead.Dispose();
            return FrameVerdict.Forged;
        }

        known ??= Admit(nonceOfSender, aead);
        known.Accept(counter);
        known.LastHeard = ++_clock;
        text = body;
        sender = nonceOfSender;
        return FrameVerdict.Opened;
    }

    public void Dispose()
    {
        System.Security.Cryptography.CryptographicOperations.ZeroMemory(_clusterKey);
        foreach (Sender? sender in _senders)
            sender?.Aead.Dispose();
    }

    private Sender? Find(ulong nonce)
    {
        foreach (Sender? sender in _senders)
        {
            if (sender is not null && sender.Nonce == nonce)
                return sender;
        }

        return null;
    }

    private Sender Admit(ulong nonce, Aead aead)
    {
        int at = 0;
        for (int i = 0; i < _senders.Length; i++)
        {
            if (_senders[i] is null)
            {
                at = i;
                break;
            }

            if (_senders[i]!.LastHeard < _senders[at]!.LastHeard)
                at = i;
        }

        _senders[at]?.Aead.Dispose();
        return _senders[at] = new Sender(nonce, aead);
    }

    private sealed class Sender(ulong nonce, Aead aead)
    {
        private ulong _top;
        private ulong _seen;

        public ulong Nonce { get; } = nonce;

        public Aead Aead { get; } = aead;

        public ulong LastHeard { get; set; }

        public bool IsFresh(ulong counter) =>
            counter > _top || (_top - counter < 64 && (_seen & (1UL << (int)(_top - counter))) == 0);

        public void Accept(ulong counter)
        {
            if (counter > _top)
            {
                ulong shift = counter - _top;
                _seen = shift >= 64 ? 0 : _seen << (int)shift;
                _top = counter;
            }

            _seen |= 1UL << (int)(_top - counter);
        }
    }
}
