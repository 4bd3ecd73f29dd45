using System.Buffers.Binary;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Unicode;
using Baton.Media.Sdp;
using Baton.Srtp;

namespace Baton.Voice.Controller;

/// <summary>What a controller writes beside a stream at the media gateways, to find its calls again when it begins anew. Only they have it, as they have the keys in it.</summary>
/// <remarks>
/// <code>
///   1 | Call-ID | created | tag, label, via of its branch | m= line of how many | kind | held | two sides: network, ours, port, phone, mux, srtp, keys
/// </code>
/// A text is its length in two bytes and UTF-8. Read as what a stranger wrote: it may come from another version.
/// </remarks>
internal sealed record CallNote(
    string CallId, DateTimeOffset Created, string TagA, string? TagB, string? LabelA, string? LabelB, string? Via, int Index, int Count, string Kind, bool IsOnHold, NoteSide A, NoteSide B)
{
    /// <summary>With its seal it is what a media gateway keeps of a call at most.</summary>
    internal const int MostBytes = 4_096 - NoteSealer.Overhead;

    /// <summary>More than all but its texts can take.</summary>
    private const int Room = 4_096;

    private const byte Version = 1;

    internal static CallNote Of(CallStream stream)
    {
        Branch branch = stream.Branch;
        return new CallNote(
            branch.Call.Id, branch.Call.Created, branch.Tag(0)!, branch.Tag(1), branch.Labels[0], branch.Labels[1], branch.Via, branch.Streams.IndexOf(stream), branch.Streams.Count,
            stream.Kind, stream.IsOnHold, NoteSide.Of(branch, stream, 0), NoteSide.Of(branch, stream, 1));
    }

    /// <summary>Empty: it does not fit; such a call ends with its controller. Who gets it wipes it: there are keys in it.</summary>
    internal byte[] Write()
    {
        string?[] texts = [CallId, TagA, TagB, LabelA, LabelB, Via, Kind, A.Network, B.Network];
        if (texts.Sum(text => Encoding.UTF8.GetByteCount(text ?? "")) > MostBytes)
            return [];

        // It never grows: nothing is left behind in a smaller one.
        var room = new byte[MostBytes + Room];
        using var output = new MemoryStream(room);
        using var writer = new BinaryWriter(output, Encoding.UTF8);
        writer.Write(Version);
        Text(writer, CallId);
        writer.Write(Created.ToUnixTimeSeconds());
        foreach (string? text in new[] { TagA, TagB, LabelA, LabelB, Via, Kind })
            Text(writer, text);
        writer.Write((byte)Index);
        writer.Write((byte)Count);
        writer.Write(IsOnHold);
        A.Write(writer);
        B.Write(writer);
        writer.Flush();
        byte[] whole = output.Position <= MostBytes ? room[..(int)output.Position] : [];
        CryptographicOperations.ZeroMemory(room);
        return whole;
    }

    internal static bool TryRead(ReadOnlyMemory<byte> bytes, out CallNote? note)
    {
        note = null;
        var reader = new NoteReader(bytes);
        if (bytes.Length > MostBytes || reader.Byte() != Version)
            return false;
        string? id = reader.Text();
        long created = reader.Long();
        string? tagA = reader.Text(), tagB = reader.Text(), labelA = reader.Text(), labelB = reader.Text(), via = reader.Text(), kind = reader.Text();
        int index = reader.Byte(), count = reader.Byte();
        bool held = reader.Byte() == 1;
        NoteSide? a = NoteSide.Read(reader), b = NoteSide.Read(reader);
        if (!reader.IsAtEnd || id is null || tagA is null || kind is null || a is null || b is null || index >= count || created is < 0 or > 253_402_300_799)
        {
            a?.Dispose();
            b?.Dispose();
            return false;
        }

        note = new CallNote(id, DateTimeOffset.FromUnixTimeSeconds(created), tagA, tagB, labelA, labelB, via, index, count, kind, held, a, b);
        return true;
    }

    internal static void Text(BinaryWriter writer, string? text)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text ?? "");
        writer.Write((ushort)bytes.Length);
        writer.Write(bytes);
    }
}

/// <summary>One side of a <see cref="CallNote"/>. Owns its keys.</summary>
internal sealed record NoteSide(
    string Network, IPAddress Address, ushort Port, SdpPhone? Phone, bool Mux, bool EncryptsRtcp, bool Answered, SrtpMasterKey? PhoneKey, SrtpSuite? OurSuite, IReadOnlyList<SrtpMasterKey> Ours) : IDisposable
{
    internal static NoteSide Of(Branch branch, CallStream stream, int index)
    {
        StreamSide side = stream.Side(index);
        return new NoteSide(
            branch.Network(index)!.Name, branch.Address(index), side.Port, side.Phone, side.Mux, side.EncryptsRtcp, side.Answered,
            side.IsSrtp ? side.PhoneKey : null, side.IsSrtp ? side.OurKey?.Suite : null, [.. side.AllOurs]);
    }

    internal void Write(BinaryWriter writer)
    {
        CallNote.Text(writer, Network);
        CallNote.Text(writer, Address.ToString());
        writer.Write(Port);
        CallNote.Text(writer, Phone?.Rtp.ToString());
        CallNote.Text(writer, Phone?.Rtcp.ToString());
        writer.Write((byte)((Phone?.Mux == true ? 1 : 0) | (Mux ? 2 : 0) | (EncryptsRtcp ? 4 : 0) | (Answered ? 8 : 0)));
        writer.Write((byte)(OurSuite ?? 0));
        Key(writer, PhoneKey);
        writer.Write((byte)Ours.Count);
        foreach (SrtpMasterKey key in Ours)
            Key(writer, key);
    }

    internal static NoteSide? Read(NoteReader reader)
    {
        string? network = reader.Text();
        bool addressed = IPAddress.TryParse(reader.Text(), out IPAddress? address);
        ushort port = reader.Short();
        string? rtp = reader.Text(), rtcp = reader.Text();
        int flags = reader.Byte(), suite = reader.Byte();
        SrtpMasterKey? phoneKey = reader.Key();
        var ours = new List<SrtpMasterKey>();
        for (int left = Math.Min((int)reader.Byte(), 16); left > 0; left--)
        {
            if (reader.Key() is { } key)
                ours.Add(key);
        }

        SdpPhone? phone = null;
        bool spoken = rtp is null || (IPEndPoint.TryParse(rtp, out IPEndPoint? one) && IPEndPoint.TryParse(rtcp ?? "", out IPEndPoint? two) && (phone = new SdpPhone(one, two, (flags & 1) != 0)) is not null);
        var side = new NoteSide(
            network ?? "", address ?? IPAddress.Any, port, phone, (flags & 2) != 0, (flags & 4) != 0, (flags & 8) != 0, phoneKey, suite == 0 ? null : (SrtpSuite)suite, ours);
        if (network is not null && addressed && spoken && (suite == 0) == (phoneKey is null) && (suite == 0 || ours.Exists(key => key.Suite == (SrtpSuite)suite)) && !reader.IsWrong)
            return side;
        side.Dispose();
        return null;
    }

    public void Dispose()
    {
        PhoneKey?.Dispose();
        foreach (SrtpMasterKey key in Ours)
            key.Dispose();
    }

    private static void Key(BinaryWriter writer, SrtpMasterKey? key)
    {
        writer.Write((byte)(key?.Suite ?? 0));
        if (key is not null)
            writer.Write(key.KeyAndSalt);
    }
}

/// <summary>Reads a note; behind its end all is zero, and <see cref="IsWrong"/>.</summary>
internal sealed class NoteReader(ReadOnlyMemory<byte> bytes)
{
    private int _at;

    internal bool IsWrong { get; private set; }

    internal bool IsAtEnd => !IsWrong && _at == bytes.Length;

    internal byte Byte() => Take(1) is { Length: 1 } one ? one[0] : (byte)0;

    internal ushort Short() => Take(2) is { Length: 2 } two ? BinaryPrimitives.ReadUInt16LittleEndian(two) : (ushort)0;

    internal long Long() => Take(8) is { Length: 8 } eight ? BinaryPrimitives.ReadInt64LittleEndian(eight) : 0;

    /// <summary>Null: none, or no text.</summary>
    internal string? Text()
    {
        ReadOnlySpan<byte> text = Take(Short());
        IsWrong |= !Utf8.IsValid(text);
        return text.IsEmpty || IsWrong ? null : Encoding.UTF8.GetString(text);
    }

    internal SrtpMasterKey? Key()
    {
        byte suite = Byte();
        if (suite == 0)
            return null;
        IsWrong |= !Enum.IsDefined((SrtpSuite)suite);
        ReadOnlySpan<byte> key = IsWrong ? [] : Take(SrtpMasterKey.LengthOf((SrtpSuite)suite));
        return key.IsEmpty ? null : new SrtpMasterKey((SrtpSuite)suite, key);
    }

    private ReadOnlySpan<byte> Take(int length)
    {
        IsWrong |= length > bytes.Length - _at;
        if (IsWrong)
            return [];
        ReadOnlySpan<byte> taken = bytes.Span.Slice(_at, length);
        _at += length;
        return taken;
    }
}
