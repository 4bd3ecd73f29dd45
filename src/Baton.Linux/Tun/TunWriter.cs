using Baton.Wire.Offload;

namespace Baton.Linux.Tun;

/// <summary>Gives single IP packets to a TUN device: those of a flow that follow one another in one write, as a super-packet. One owner thread.</summary>
/// <remarks>
/// A super-packet that the kernel refuses is cut again and written packet by packet; from then on nothing is merged. Nothing is allocated once it runs.
/// </remarks>
public sealed class TunWriter : IMergedSink
{
    private readonly TunDevice _device;
    private readonly PacketMerger _merger;
    private readonly SuperPacket _cutter = new();
    private byte[]? _refused;
    private bool _merges;

    /// <param name="merges">False: every packet by itself.</param>
    public TunWriter(TunDevice device, bool merges = true)
    {
        _device = device;
        _merges = merges && device.Offloads.HasFlag(TunOffloads.Tcp);
        _merger = new PacketMerger(this, flows: 16, device.Offloads.HasFlag(TunOffloads.Udp));
    }

    /// <summary>Super-packets written.</summary>
    public long Merged => _merger.Merged;

    /// <summary>Told once, in words for the log, when merging is given up.</summary>
    public Action<string>? Note { get; set; }

    /// <summary>Gives one packet. Its bytes are not needed after the call; it may wait for the next ones of its flow until <see cref="Flush"/>.</summary>
    public void Give(ReadOnlySpan<byte> packet)
    {
        if (_merges)
            _merger.Add(packet);
        else
            _device.Write(default, packet);
    }

    public void Flush() => _merger.Flush();

    void IMergedSink.Write(ReadOnlySpan<byte> packet) => _device.Write(default, packet);

    void IMergedSink.Write(Span<byte> framed, int count)
    {
        if (_device.TryWrite(framed, out int errno))
            return;
        if (count == 1 || errno != Libc.EINVAL)
        {
            _device.CountDrops(count);
            return;
        }

        // It does not take what its own offloads make. Never seen; but nothing shall be lost by it.
        if (_merges)
            Note?.Invoke($"the kernel refuses super-packets of {_device.Name}: packets are written one by one from now on (errno {errno})");
        _merges = false;
        _refused ??= new byte[TunDevice.ReadBytes];
        framed.CopyTo(_refused);
        if (_cutter.Take(_refused.AsMemory(0, framed.Length)) != OffloadVerdict.Whole)
            return;
        for (int i = 0; i < _cutter.Count; i++)
            _device.Write(default, _cutter.Segment(i));
    }
}
