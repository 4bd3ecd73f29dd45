using Baton.Crypto;
using Baton.Esp;
using BenchmarkDotNet.Attributes;

namespace Baton.Bench;

/// <summary>A whole ESP step in memory: header, padding and cipher | window and cipher. The allocation column must say 0 B.</summary>
[MemoryDiagnoser]
#pragma warning disable CA1001 // BenchmarkDotNet owns the life of the class: Cleanup
public class EspBenchmarks
{
    private readonly byte[] _packet = new byte[2_048];
    private readonly byte[] _sealed = new byte[2_048];
    private readonly byte[] _batch = new byte[64 * 2_048];
    private readonly EspSealItem[] _items = new EspSealItem[64];
    private byte[] _inner = [];
    private OutboundSa _seal = null!;
    private InboundSa _open = null!;
    private int _sealedLength;
    private ulong _number;

    [Params(200, 1_400)]
    public int Bytes { get; set; }

    [Params(EspSuite.AesGcm128, EspSuite.AesGcm256, EspSuite.ChaCha20Poly1305, EspSuite.AesCbc128Sha256)]
    public EspSuite Suite { get; set; }

    [Params(CipherLibrary.IpsecMb, CipherLibrary.OpenSsl)]
    public CipherLibrary Library { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        byte[] key = new byte[Suite.CipherKeyLength()], tail = new byte[Suite.TailLength()];
        _inner = new byte[Bytes];
        _seal = new OutboundSa(256, Suite, true, key, tail, Library);
        _open = new InboundSa(256, Suite, true, 128, key, tail, Library);
        for (int i = 0; i < _items.Length; i++)
            _items[i] = new EspSealItem { PayloadLength = Bytes, NextHeader = 4 };
        EspBatch.LayOut(_items, Suite, 0);
        _sealedLength = _seal.Seal(_inner, 4, 1, _sealed);
    }

    [GlobalCleanup]
    public void Cleanup()
    {
        _seal.Dispose();
        _open.Dispose();
    }

    [Benchmark]
    public int Seal() => _seal.Seal(_inner, 4, ++_number, _packet);

    /// <summary>In place, contiguous; the figure is a packet's.</summary>
    [Benchmark(OperationsPerInvoke = 64)]
    public int SealBatch() => _seal.Seal(_batch, _items, _number += 64);

    /// <summary>With the copy that keeps the packet for the next round; the mark is left out so that the number stays fresh.</summary>
    [Benchmark]
    public EspVerdict Open()
    {
        Span<byte> packet = _packet.AsSpan(0, _sealedLength);
        _sealed.AsSpan(0, _sealedLength).CopyTo(packet);
        return _open.Check(packet, out ulong sequence) == EspVerdict.Delivered
            ? _open.Open(packet, sequence, out _, out _)
            : EspVerdict.Replayed;
    }
}
