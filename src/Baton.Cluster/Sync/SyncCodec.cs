using System.Text;
using Baton.Redundancy.Messages;
using Baton.Redundancy.Records;
using Baton.Redundancy.Tracking;

namespace Baton.Cluster.Sync;

/// <summary>Takes the datagrams of one message, to seal and send each.</summary>
public interface ISyncSink
{
    void Datagram(ReadOnlySpan<byte> plaintext);
}

/// <summary>Messages between members as datagrams: what lies inside a frame sealed with the label "sync".</summary>
/// <remarks>
/// <code>
/// version 1 | kind | body                                              a whole message
/// version 1 | 0    | message u32 | index u16 | count u16 | bytes       a fragment of one ("kind | body" cut up)
/// body of all but a handover:  term | name length | name | nonce 8 | ...
/// numbers are varints; ids and ceilings of a list are signed distances from the one before
/// </code>
/// A message counts only whole: a lost fragment loses it, so a confirm never covers ceilings that did not arrive.
/// One thread owns an instance. Names are looked up among the configured members, so that no message makes a string.
/// </remarks>
public sealed partial class SyncCodec
{
    public const byte Version = 1;

    /// <summary>What fits into a datagram over loopback after sealing.</summary>
    public const int LargestDatagram = 60_000;

    private const int FragmentHeader = 10;

    private readonly string[] _names;
    private readonly byte[][] _namesUtf8;
    private readonly int _largest;
    private readonly SyncWriter _writer = new();
    private readonly byte[] _fragment;
    private readonly FragmentAssembler _assembler = new();

    // Starts anywhere, so that two senders seldom use one id at a time.
    private uint _nextFragmented = (uint)Random.Shared.Next();

    /// <param name="members">The configured names of the cluster's gateways.</param>
    /// <param name="largestDatagram">Plaintext bytes of one datagram: the path's MTU less headers and seal.</param>
    public SyncCodec(IEnumerable<string> members, int largestDatagram = LargestDatagram)
    {
        _names = [.. members];
        _namesUtf8 = Array.ConvertAll(_names, Encoding.UTF8.GetBytes);
        _largest = Math.Clamp(largestDatagram, 256, LargestDatagram);
        _fragment = new byte[_largest];
    }

    private enum Kind : byte
    {
        Fragment = 0,
        FineCeilings = 1,
        Confirm = 2,
        Present = 3,
        RelaySurrender = 4,
        Handover = 5,
        ExactStates = 6,
        TermOver = 7,
    }

    /// <summary>Writes a message as one datagram, or several when it is long.</summary>
    public void Write(MemberMessage message, ISyncSink sink)
    {
        _writer.Reset();
        _writer.Byte(Version);
        switch (message)
        {
            case MemberMessage.FineCeilings m:
                Begin(Kind.FineCeilings, m);
                _writer.Varint(m.Tick);
                _writer.Varint(m.FullCopy);
                _writer.Varint((ulong)m.Part);
                _writer.Varint((ulong)m.Parts);
                Pairs(m.Ceilings);
                break;
            case MemberMessage.Confirm m:
                Begin(Kind.Confirm, m);
                _writer.Varint(m.Tick);
                _writer.Varint(m.FullCopy);
                _writer.Varint((ulong)m.Part);
                _writer.Varint(m.Revision);
                break;
            case MemberMessage.Present m:
                Begin(Kind.Present, m);
                _writer.Varint(m.Revision);
                _writer.Byte((byte)((m.HasHandler ? 1 : 0) | ((PathHealth.Good - m.Paths) << 1)));
                break;
            case MemberMessage.TermOver m:
                Begin(Kind.TermOver, m);
                break;
            case MemberMessage.RelaySurrender m:
                Begin(Kind.RelaySurrender, m);
                WriteIncarnation(m.To);
                break;
            case MemberMessage.ExactStates m:
                Begin(Kind.ExactStates, m);
                _writer.Varint(m.Tick);
                Pairs(m.Outbound);
                Windows(m.Inbound);
                break;
            default:
                throw new NotSupportedException($"no wire form for {message.GetType()}");
        }

        Emit(sink);
    }

    /// <summary>Writes one packet that the successor of a planned switchover shall treat as its own.</summary>
    public void Write(in Handover handover, ISyncSink sink)
    {
        _writer.Reset();
        _writer.Byte(Version);
        _writer.Byte((byte)Kind.Handover);
        _writer.Byte((byte)handover.Kind);
        _writer.Byte((byte)handover.Address.Length);
        _writer.Bytes(handover.Address);
        _writer.Byte((byte)(handover.Port >> 8));
        _writer.Byte((byte)handover.Port);
        _writer.Bytes(handover.Packet);
        Emit(sink);
    }

    /// <summary>Reads one datagram. On <see cref="SyncVerdict.Accepted"/> either <paramref name="message"/> is set, or it was a handover.</summary>
    /// <param name="handover">Valid until the next call, and only while the datagram's buffer is.</param>
    public SyncVerdict Read(ReadOnlySpan<byte> plaintext, out MemberMessage? message, out Handover handover)
    {
        message = null;
        handover = default;
        var reader = new SyncReader(plaintext);
        byte version = reader.Byte();
        if (reader.Ok && version != Version) return SyncVerdict.UnknownVersion;
        if (!reader.Ok) return reader.Fault;
        if (reader.Left > 0 && plaintext[1] == (byte)Kind.Fragment)
        {
            _ = reader.Byte();
            SyncVerdict kept = _assembler.Add(reader.Rest(), out ReadOnlySpan<byte> whole);
            if (kept != SyncVerdict.Accepted) return kept;
            reader = new SyncReader(whole);
        }

        handover = ReadBody(ref reader, ref message);
        if (reader.Ok && reader.Left > 0) reader.Fail(SyncVerdict.TrailingBytes);
        if (!reader.Ok) message = null;
        return reader.Fault;
    }

    private Handover ReadBody(scoped ref SyncReader reader, scoped ref MemberMessage? message)
    {
        var kind = (Kind)reader.Byte();
        if (!reader.Ok) return default;
        if (kind == Kind.Handover) return ReadHandover(ref reader);

        if (kind is < Kind.FineCeilings or > Kind.TermOver)
        {
            reader.Fail(SyncVerdict.UnknownKind);
            return default;
        }

        ulong term = reader.Varint();
        Incarnation from = ReadIncarnation(ref reader);
        switch (kind)
        {
            case Kind.FineCeilings:
                (ulong tick, ulong copy) = (reader.Varint(), reader.Varint());
                (int part, int parts) = (reader.Small(int.MaxValue), reader.Small(int.MaxValue));
                message = new MemberMessage.FineCeilings(from, term, tick, copy, part, parts, ReadPairs(ref reader));
                break;
            case Kind.Confirm:
                message = new MemberMessage.Confirm(
                    from, term, reader.Varint(), reader.Varint(), reader.Small(int.MaxValue), reader.Varint());
                break;
            case Kind.Present:
                ulong revision = reader.Varint();
                byte flag = reader.Byte();
                if (flag >> 1 > (int)PathHealth.Good) reader.Fail(SyncVerdict.BadNumber);
                message = new MemberMessage.Present(from, term, revision, (flag & 1) != 0, PathHealth.Good - (flag >> 1));
                break;
            case Kind.TermOver:
                message = new MemberMessage.TermOver(from, term);
                break;
            case Kind.RelaySurrender:
                message = new MemberMessage.RelaySurrender(from, term, ReadIncarnation(ref reader));
                break;
            default:
                message = new MemberMessage.ExactStates(from, term, reader.Varint(), ReadPairs(ref reader), ReadWindows(ref reader));
                break;
        }

        return default;
    }

    private static Handover ReadHandover(scoped ref SyncReader reader)
    {
        byte kind = reader.Byte();
        byte length = reader.Byte();
        if (kind > (byte)HandoverKind.Beside || length is not (0 or 4 or 16))
        {
            reader.Fail(SyncVerdict.BadNumber);
            return default;
        }

        ReadOnlySpan<byte> address = reader.Bytes(length);
        int port = (reader.Byte() << 8) | reader.Byte();
        return new Handover((HandoverKind)kind, address, (ushort)port, reader.Rest());
    }

    private void Begin(Kind kind, MemberMessage message)
    {
        _writer.Byte((byte)kind);
        _writer.Varint(message.Term);
        WriteIncarnation(message.From);
    }

    private void WriteIncarnation(Incarnation incarnation)
    {
        int index = Array.IndexOf(_names, incarnation.Member);
        byte[] name = index >= 0 ? _namesUtf8[index] : Encoding.UTF8.GetBytes(incarnation.Member);
        _writer.Byte((byte)name.Length);
        _writer.Bytes(name);
        _writer.Fixed64(incarnation.Nonce);
    }

    private Incarnation ReadIncarnation(ref SyncReader reader)
    {
        ReadOnlySpan<byte> name = reader.Bytes(reader.Byte());
        ulong nonce = reader.Fixed64();
        if (!reader.Ok) return default;
        for (int i = 0; i < _names.Length; i++)
        {
            if (name.SequenceEqual(_namesUtf8[i])) return new Incarnation(_names[i], nonce);
        }

        reader.Fail(SyncVerdict.UnknownMember);
        return default;
    }

    private void Emit(ISyncSink sink)
    {
        ReadOnlySpan<byte> whole = _writer.Written;
        if (whole.Length <= _largest)
        {
            sink.Datagram(whole);
            return;
        }

        ReadOnlySpan<byte> body = whole[1..];
        uint id = ++_nextFragmented;
        int room = _largest - FragmentHeader;
        int count = (body.Length + room - 1) / room;
        for (int i = 0; i < count; i++)
        {
            ReadOnlySpan<byte> piece = body.Slice(i * room, Math.Min(room, body.Length - (i * room)));
            FragmentAssembler.WriteHeader(_fragment, id, i, count);
            piece.CopyTo(_fragment.AsSpan(FragmentHeader));
            sink.Datagram(_fragment.AsSpan(0, FragmentHeader + piece.Length));
        }
    }
}
