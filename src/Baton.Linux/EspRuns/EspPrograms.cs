using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Baton.Linux.Bpf;
using static Baton.Linux.Bpf.Register;

namespace Baton.Linux.EspRuns;

/// <summary>What the kernel does with each packet between the wire, where ESP is bare, and our pair of devices, where it is in UDP (RFC 3948), which the kernel can cut and join.</summary>
/// <remarks>
/// <code>
///            Ethernet            | IPv4 or IPv6, protocol  | UDP, 8 bytes | ESP
///   wire     hardware addresses  | 50                      |              | SPI, number, ...
///   pair     source of ours:     | 17, 8 bytes longer      | 50 to 50     | SPI, number, ...
///            the way out
/// </code>
/// The IPv4 checksum follows from what it was: length and protocol change by the same amount for every packet (RFC 1624).
/// </remarks>
internal static class EspPrograms
{
    /// <summary>Both ports on the pair. Nobody but us sees them.</summary>
    public const ushort Port = 50;

    /// <summary>Where a frame of ours names the device that it shall leave by: as its source. The destination may be no group, which the kernel does not send to a neighbour.</summary>
    public const int DeviceAt = 6;

    private const int Ethernet = 14, V4 = 20, V6 = 40, Udp = 8;
    private const int EspProtocol = 50, UdpProtocol = 17;

    /// <summary>Of the IPv4 header's sum when UDP goes away: the length falls by 8, the protocol rises by 33.</summary>
    private const int SumChange = EspProtocol - UdpProtocol - Udp;

    // struct __sk_buff.
    private const int PacketType = 4, Protocol = 16, VlanPresent = 20, Data = 76, DataEnd = 80;

    // Helpers (linux/bpf.h), none of them for GPL programs alone.
    private const int Redirect = 23, AdjustRoom = 50, ChecksumLevel = 135, RedirectToNeighbour = 152;
    private const int KeepChecksumState = 32;  // BPF_F_ADJ_ROOM_NO_CSUM_RESET
    private const int Increase = 1, Query = 0;

    // enum tcx_action_base.
    private const int Next = -1, Drop = 2;

    /// <summary>At the far end of the pair: a segment of ours becomes bare ESP and leaves by the device that its frame names, to whichever neighbour the kernel's routes say.</summary>
    public static BpfText Outward()
    {
        var text = new BpfText();
        Begin(text);
        text.If(R9, When.Equal, OnWire(0x86DD), "v6").If(R9, When.Not, OnWire(0x0800), "drop");

        Demand(text, Ethernet + V4, "drop");
        text.Load(Width.Byte, R2, R7, Ethernet).If(R2, When.Not, 0x45, "drop")
            .Load(Width.Byte, R2, R7, Ethernet + 9).If(R2, When.Not, UdpProtocol, "drop")
            .Store(Width.Byte, R7, Ethernet + 9, EspProtocol);
        AddToHalf(text, Ethernet + 2, -Udp);

        // ~sum' = ~sum + SumChange, so the sum itself falls by it, with the borrow brought round.
        text.Load(Width.Half, R2, R7, Ethernet + 10).Swap16(R2).Add(R2, 0xFFFF - SumChange);
        FoldSum(text);
        text.Go("strip");

        text.Label("v6");
        Demand(text, Ethernet + V6, "drop");
        text.Load(Width.Byte, R2, R7, Ethernet + 6).If(R2, When.Not, UdpProtocol, "drop")
            .Store(Width.Byte, R7, Ethernet + 6, EspProtocol);
        AddToHalf(text, Ethernet + 4, -Udp);

        text.Label("strip")
            .Load(Width.Word, R9, R7, DeviceAt)
            .Move(R1, R6).Move(R2, -Udp).Move(R3, 0).Move(R4, 0).Call(AdjustRoom)
            .If(R0, When.Not, 0, "drop")
            .Move(R1, R9).Move(R2, 0).Move(R3, 0).Move(R4, 0).Call(RedirectToNeighbour).Exit();
        return End(text, "drop", Drop);
    }

    /// <summary>At an outer device: whole ESP packets to these addresses of ours go to the pair, in UDP. All else goes on as ever.</summary>
    /// <param name="far">The index of the pair's far end.</param>
    /// <param name="hardware">The Ethernet address of the near end.</param>
    public static BpfText Inward(IReadOnlyCollection<IPAddress> own, int far, ReadOnlySpan<byte> hardware)
    {
        IPAddress[] v4 = [.. own.Where(a => a.AddressFamily == AddressFamily.InterNetwork)];
        IPAddress[] v6 = [.. own.Where(a => a.AddressFamily == AddressFamily.InterNetworkV6)];
        var text = new BpfText();
        text.Load(Width.Word, R2, R1, PacketType).If(R2, When.Not, 0, "next")  // PACKET_HOST
            .Load(Width.Word, R2, R1, VlanPresent).If(R2, When.Not, 0, "next");
        Begin(text);
        if (v4.Length > 0)
            text.If(R9, When.Equal, OnWire(0x0800), "v4");
        if (v6.Length > 0)
            text.If(R9, When.Equal, OnWire(0x86DD), "v6");
        End(text, "next", Next);
        if (v4.Length > 0)
            InwardV4(text, v4, far, hardware);
        if (v6.Length > 0)
            InwardV6(text, v6, far, hardware);
        return End(text, "drop", Drop);
    }

    /// <summary>At the near end: our packet socket has seen the packet already, and nobody else shall.</summary>
    public static BpfText Nothing() => new BpfText().Move(R0, Drop).Exit();

    private static void InwardV4(BpfText text, IPAddress[] own, int far, ReadOnlySpan<byte> hardware)
    {
        text.Label("v4");
        Demand(text, Ethernet + V4, "next");
        text.Load(Width.Byte, R2, R7, Ethernet).If(R2, When.Not, 0x45, "next")
            .Load(Width.Byte, R2, R7, Ethernet + 9).If(R2, When.Not, EspProtocol, "next")
            .Load(Width.Half, R2, R7, Ethernet + 6).And(R2, OnWire(0x3FFF)).If(R2, When.Not, 0, "next")  // a fragment
            .Load(Width.Word, R2, R7, Ethernet + 16);
        foreach (IPAddress address in own)
            text.Load(R3, MemoryMarshal.Read<uint>(address.GetAddressBytes())).If(R2, When.Equal, R3, "ours4");
        text.Go("next").Label("ours4");
        DemandKnownChecksum(text);
        text.Store(Width.Byte, R7, Ethernet + 9, UdpProtocol);
        AddToHalf(text, Ethernet + 2, Udp);
        text.Move(R9, R2).Add(R9, -V4).Load(Width.Half, R2, R7, Ethernet + 10).Swap16(R2).Add(R2, SumChange);
        FoldSum(text);
        Grow(text);
        Finish(text, Ethernet + V4, far, hardware);
    }

    private static void InwardV6(BpfText text, IPAddress[] own, int far, ReadOnlySpan<byte> hardware)
    {
        text.Label("v6");
        Demand(text, Ethernet + V6, "next");
        text.Load(Width.Byte, R2, R7, Ethernet + 6).If(R2, When.Not, EspProtocol, "next")
            .Load(Width.Long, R2, R7, Ethernet + 24).Load(Width.Long, R3, R7, Ethernet + 32);
        for (int i = 0; i < own.Length; i++)
        {
            byte[] bytes = own[i].GetAddressBytes();
            text.Load(R4, MemoryMarshal.Read<ulong>(bytes)).If(R2, When.Not, R4, $"other{i}")
                .Load(R4, MemoryMarshal.Read<ulong>(bytes.AsSpan(8))).If(R3, When.Equal, R4, "ours6")
                .Label($"other{i}");
        }

        text.Go("next").Label("ours6");
        DemandKnownChecksum(text);
        text.Store(Width.Byte, R7, Ethernet + 6, UdpProtocol);
        AddToHalf(text, Ethernet + 4, Udp);
        text.Move(R9, R2);
        Grow(text);
        Finish(text, Ethernet + V6, far, hardware);
    }

    private static void Begin(BpfText text)
    {
        text.Move(R6, R1).Load(Width.Word, R9, R1, Protocol);
        LoadPacket(text);
    }

    private static void LoadPacket(BpfText text) => text.Load(Width.Word, R7, R6, Data).Load(Width.Word, R8, R6, DataEnd);

    /// <summary>So many bytes must lie in one piece.</summary>
    private static void Demand(BpfText text, int bytes, string otherwise) => text.Move(R2, R7).Add(R2, bytes).If(R2, When.Above, R8, otherwise);

    /// <summary>Leaves the sum in r2.</summary>
    private static void AddToHalf(BpfText text, int offset, int value) => text
        .Load(Width.Half, R2, R7, offset).Swap16(R2).Add(R2, value)
        .Move(R3, R2).Swap16(R3).Store(Width.Half, R7, offset, R3);

    /// <summary>Of r2, into the IPv4 header.</summary>
    private static void FoldSum(BpfText text) => text
        .Move(R3, R2).ShiftRight(R3, 16).And(R2, 0xFFFF).Add(R2, R3)
        .Swap16(R2).Store(Width.Half, R7, Ethernet + 10, R2);

    /// <summary>The UDP checksum that we write is none: the kernel joins only what it may take for verified (CHECKSUM_UNNECESSARY). A card that tells the sum of
    /// all bytes (CHECKSUM_COMPLETE) knows better: those packets go on as ever.</summary>
    private static void DemandKnownChecksum(BpfText text) => text
        .Move(R1, R6).Move(R2, Increase).Call(ChecksumLevel)
        .Move(R1, R6).Move(R2, Query).Call(ChecksumLevel)
        .If(R0, When.Negative, 0, "next");

    private static void Grow(BpfText text)
    {
        text.Move(R1, R6).Move(R2, Udp).Move(R3, 0).Move(R4, KeepChecksumState).Call(AdjustRoom).If(R0, When.Not, 0, "drop");
        LoadPacket(text);
    }

    /// <param name="at">Where the UDP header lies; its length is in r9.</param>
    private static void Finish(BpfText text, int at, int far, ReadOnlySpan<byte> hardware)
    {
        Demand(text, at + Udp, "drop");
        text.Store(Width.Word, R7, 0, MemoryMarshal.Read<int>(hardware)).Store(Width.Half, R7, 4, MemoryMarshal.Read<ushort>(hardware[4..]))
            .Store(Width.Half, R7, at, OnWire(Port)).Store(Width.Half, R7, at + 2, OnWire(Port))
            .Swap16(R9).Store(Width.Half, R7, at + 4, R9).Store(Width.Half, R7, at + 6, 0xFFFF)
            .Move(R1, far).Move(R2, 0).Call(Redirect).Exit();
    }

    private static BpfText End(BpfText text, string label, int verdict) => text.Label(label).Move(R0, verdict).Exit();

    /// <summary>A 16-bit number as the machine reads it from the wire.</summary>
    private static int OnWire(int value) => BitConverter.IsLittleEndian ? BinaryPrimitives.ReverseEndianness((ushort)value) : value;
}
