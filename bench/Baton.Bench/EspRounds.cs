using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Baton.Crypto;
using Baton.Crypto.IpsecMb;
using Baton.Crypto.OpenSsl;
using Baton.Esp;

namespace Baton.Bench;

/// <summary>A whole ESP step in memory beside the bare call of the library, in interleaved rounds of one run: medians and differences.</summary>
/// <remarks>Each sample is a batch of 64 packets that lie back to back. A round takes one sample of every case, so that what disturbs the machine disturbs
/// all alike; packets are sealed anew, untimed, before each opening.</remarks>
internal sealed unsafe class EspRounds : IDisposable
{
    private const int Packets = 64;

    private readonly int _bytes;
    private readonly byte[] _buffer = GC.AllocateArray<byte>(Packets * 2_048, pinned: true);
    private readonly byte* _start;
    private readonly EspSealItem[] _sealing = new EspSealItem[Packets];
    private readonly EspOpenItem[] _opening = new EspOpenItem[Packets];
    private readonly OutboundSa _seal;
    private readonly InboundSa _open;
    private readonly InboundSa _ahead;
    private readonly Aead _bare;
    private readonly int _textLength;
    private readonly byte* _nonce = (byte*)NativeMemory.AlignedAlloc(64, 64);
    private ulong _next = 1;

    public EspRounds(CipherLibrary library, EspSuite suite, int bytes)
    {
        _bytes = bytes;
        _start = (byte*)Marshal.UnsafeAddrOfPinnedArrayElement(_buffer, 0);
        byte[] key = RandomNumberGenerator.GetBytes(suite.CipherKeyLength()), salt = RandomNumberGenerator.GetBytes(4);
        _seal = new OutboundSa(256, suite, true, key, salt, library);
        _open = new InboundSa(256, suite, true, 1_024, key, salt, library);
        _ahead = new InboundSa(256, suite, true, 1_024, key, salt, library);
        _ahead.Window.StartAbove(1UL << 31);
        _bare = CipherProvider.Make(library, Algorithm(suite), key, CipherUse.Both);
        _textLength = bytes;
        for (int i = 0; i < Packets; i++)
            _sealing[i] = new EspSealItem { PayloadLength = bytes, NextHeader = 4 };
        EspBatch.LayOut(_sealing, suite, 0);
        for (int i = 0; i < Packets; i++)
            _opening[i] = new EspOpenItem { PacketAt = _sealing[i].PacketAt, PacketLength = suite.SealedLength(bytes) };
        Cases =
        [
            new("bare seal", () => { }, BareSeal),
            new("step seal", () => { }, StepSeal),
            new("batch seal", () => { }, BatchSeal),
            new("bare open", SealAll, BareOpen),
            new("step open", SealAll, StepOpen),
            new("batch open", SealAll, BatchOpen),
            new("forged", () => Forge(), BatchOpenForged),
            new("forged, of the next 2^32", () => Forge(), BatchOpenAhead),
        ];
    }

    public IReadOnlyList<Case> Cases { get; }

    /// <summary>Nanoseconds a packet, median of the samples, in the order of <see cref="Cases"/>.</summary>
    public double[] Measure(int rounds)
    {
        var warm = Stopwatch.StartNew();
        while (warm.ElapsedMilliseconds < 600)
            Round(null, 0);
        double[][] samples = [.. Cases.Select(_ => new double[rounds])];
        for (int i = 0; i < rounds; i++)
            Round(samples, i);
        return [.. samples.Select(Median)];
    }

    public void Dispose()
    {
        _seal.Dispose();
        _open.Dispose();
        _ahead.Dispose();
        _bare.Dispose();
        NativeMemory.AlignedFree(_nonce);
    }

    private static double Median(double[] values)
    {
        Array.Sort(values);
        return values[values.Length / 2];
    }

    private void Round(double[][]? samples, int at)
    {
        for (int i = 0; i < Cases.Count; i++)
        {
            Cases[i].Prepare();
            long from = Stopwatch.GetTimestamp();
            Cases[i].Run();
            long to = Stopwatch.GetTimestamp();
            if (samples is not null)
                samples[i][at] = (to - from) * 1e9 / Stopwatch.Frequency / Packets;
        }
    }

    private void SealAll()
    {
        if (_seal.Seal(_buffer, _sealing, _next) != Packets)
            throw new InvalidOperationException("Not every packet was sealed.");
        _next += Packets;
    }

    private void Forge()
    {
        SealAll();
        foreach (EspOpenItem item in _opening)
            _buffer[item.PacketAt + item.PacketLength - 1] ^= 1;
    }

    private void BareSeal()
    {
        if (_bare is MbGcm mb)
        {
            BareGcm(mb.EncryptCall, mb.KeyPointer);
            return;
        }

        for (int i = 0; i < Packets; i++)
        {
            byte* text = _start + _sealing[i].PayloadAt;
            _bare.Seal(_nonce, _nonce + 16, 12, text, _textLength, text + _textLength);
        }
    }

    private void BareOpen()
    {
        if (_bare is MbGcm mb)
        {
            BareGcm(mb.DecryptCall, mb.KeyPointer);
            return;
        }

        for (int i = 0; i < Packets; i++)
        {
            byte* text = _start + _sealing[i].PayloadAt;
            _bare.Open(_nonce, _nonce + 16, 12, text, _textLength, text + _textLength);
        }
    }

    /// <summary>Nothing but the library's call.</summary>
    private void BareGcm(nint call, byte* key)
    {
        var gcm = (delegate* unmanaged[SuppressGCTransition]<byte*, byte*, byte*, byte*, ulong, byte*, byte*, ulong, byte*, ulong, void>)call;
        byte* scratch = stackalloc byte[128];
        for (int i = 0; i < Packets; i++)
        {
            byte* text = _start + _sealing[i].PayloadAt;
            gcm(key, scratch, text, text, (ulong)_textLength, _nonce, _nonce + 16, 12, text + _textLength, 16);
        }
    }

    private void StepSeal()
    {
        foreach (ref EspSealItem item in _sealing.AsSpan())
        {
            Span<byte> packet = _buffer.AsSpan(item.PacketAt, 2_000);
            _seal.Seal(packet.Slice(EspSuite.AesGcm128.PayloadOffset(), _bytes), 4, _next++, packet);
        }
    }

    private void BatchSeal()
    {
        _seal.Seal(_buffer, _sealing, _next);
        _next += Packets;
    }

    private void StepOpen()
    {
        int delivered = 0;
        foreach (ref EspOpenItem item in _opening.AsSpan())
        {
            Span<byte> packet = _buffer.AsSpan(item.PacketAt, item.PacketLength);
            if (_open.Check(packet, out ulong sequence) == EspVerdict.Delivered
                && _open.Open(packet, sequence, out _, out _) == EspVerdict.Delivered
                && _open.Accept(sequence))
            {
                delivered++;
            }
        }

        if (delivered != Packets)
            throw new InvalidOperationException("Not every packet was opened.");
    }

    private void BatchOpen()
    {
        if (_open.Open(_buffer, _opening, ulong.MaxValue) != Packets)
            throw new InvalidOperationException("Not every packet was opened.");
    }

    private void BatchOpenForged()
    {
        if (_open.Open(_buffer, _opening, ulong.MaxValue) != 0)
            throw new InvalidOperationException("A forgery was opened.");
    }

    private void BatchOpenAhead()
    {
        if (_ahead.Open(_buffer, _opening, ulong.MaxValue) != 0)
            throw new InvalidOperationException("A forgery was opened.");
    }

    private static AeadAlgorithm Algorithm(EspSuite suite) => suite switch
    {
        EspSuite.AesGcm128 => AeadAlgorithm.Aes128Gcm,
        EspSuite.AesGcm256 => AeadAlgorithm.Aes256Gcm,
        _ => AeadAlgorithm.ChaCha20Poly1305,
    };

    internal sealed record Case(string Name, Action Prepare, Action Run);
}
