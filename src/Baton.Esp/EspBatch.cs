namespace Baton.Esp;

/// <summary>One packet of a batch to be sealed: places are offsets into the batch's buffer.</summary>
public struct EspSealItem
{
    /// <summary>Where the payload lies. At <c>PacketAt + suite.PayloadOffset()</c> nothing is copied.</summary>
    public int PayloadAt { get; set; }

    public int PayloadLength { get; set; }

    /// <summary>Where the packet is to stand; it takes <see cref="EspSuites.SealedLength"/> bytes.</summary>
    public int PacketAt { get; set; }

    /// <summary>Set by the seal; 0 when it failed.</summary>
    public int PacketLength { get; set; }

    /// <summary>4 for IPv4 in tunnel mode, 41 for IPv6, a protocol in transport mode, 59 for a dummy.</summary>
    public byte NextHeader { get; set; }

    /// <summary>Set by the seal: <see cref="EspVerdict.Delivered"/> or <see cref="EspVerdict.TooLong"/>.</summary>
    public EspVerdict Verdict { get; set; }
}

/// <summary>One packet of a batch to be opened: places are offsets into the batch's buffer.</summary>
public struct EspOpenItem
{
    public int PacketAt { get; set; }

    public int PacketLength { get; set; }

    /// <summary>Set by the open: what became of the packet.</summary>
    public EspVerdict Verdict { get; set; }

    /// <summary>Set when authentic.</summary>
    public byte NextHeader { get; set; }

    /// <summary>Set when authentic: the payload lies within the packet.</summary>
    public int PayloadAt { get; set; }

    public int PayloadLength { get; set; }

    /// <summary>Set unless the packet is a runt: the number that it must have (with ESN: inferred, RFC 4303 A2.2).</summary>
    public ulong Sequence { get; set; }
}

/// <summary>Lays the packets of a batch out.</summary>
public static class EspBatch
{
    /// <summary>Packets back to back from <paramref name="start"/> on, each payload at its place: what UDP_SEGMENT sends as one message when all
    /// payloads but the last have one length.</summary>
    /// <returns>Where the last packet ends.</returns>
    public static int LayOut(Span<EspSealItem> items, EspSuite suite, int start)
    {
        foreach (ref EspSealItem item in items)
        {
            item.PacketAt = start;
            item.PayloadAt = start + suite.PayloadOffset();
            start += suite.SealedLength(item.PayloadLength);
        }

        return start;
    }
}
