using System.Buffers.Binary;

namespace Baton.Voice.Audio;

/// <summary>How the samples of a WAV file are written (the format tag of its <c>fmt</c> chunk).</summary>
public enum WavEncoding
{
    /// <summary>WAVE_FORMAT_PCM with 16 bits.</summary>
    Pcm16 = 1,

    /// <summary>WAVE_FORMAT_ALAW.</summary>
    ALaw = 6,

    /// <summary>WAVE_FORMAT_MULAW.</summary>
    MuLaw = 7,
}

/// <summary>A mono WAV file: RIFF chunks, of which only <c>fmt </c> and <c>data</c> concern us.</summary>
public sealed record WavFile(int SampleRate, WavEncoding Encoding, ReadOnlyMemory<byte> Data)
{
    private const int PcmHeaderBytes = 44;

    /// <summary>Bytes of one sample.</summary>
    public int SampleBytes => Encoding == WavEncoding.Pcm16 ? 2 : 1;

    /// <summary>The samples as 16-bit PCM, whatever the file holds.</summary>
    public short[] ToPcm()
    {
        ReadOnlySpan<byte> data = Data.Span;
        var samples = new short[data.Length / SampleBytes];
        switch (Encoding)
        {
            case WavEncoding.MuLaw:
                G711.DecodeMuLaw(data, samples);
                break;
            case WavEncoding.ALaw:
                G711.DecodeALaw(data, samples);
                break;
            default:
                for (int i = 0; i < samples.Length; i++)
                    samples[i] = BinaryPrimitives.ReadInt16LittleEndian(data[(2 * i)..]);
                break;
        }

        return samples;
    }

    public static bool TryParse(ReadOnlyMemory<byte> file, out WavFile? wav)
    {
        wav = null;
        ReadOnlySpan<byte> bytes = file.Span;
        if (bytes.Length < 12 || !bytes[..4].SequenceEqual("RIFF"u8) || !bytes[8..12].SequenceEqual("WAVE"u8))
            return false;

        int sampleRate = 0;
        WavEncoding? encoding = null;
        for (int at = 12; bytes.Length - at >= 8;)
        {
            ReadOnlySpan<byte> name = bytes.Slice(at, 4);
            uint declared = BinaryPrimitives.ReadUInt32LittleEndian(bytes[(at + 4)..]);
            at += 8;
            int length = (int)Math.Min(declared, (uint)(bytes.Length - at)); // a stream's header may promise too much
            if (name.SequenceEqual("fmt "u8))
            {
                if (!TryParseFormat(bytes.Slice(at, length), out sampleRate, out WavEncoding found))
                    return false;
                encoding = found;
            }
            else if (name.SequenceEqual("data"u8) && encoding is { } known)
            {
                wav = new WavFile(sampleRate, known, file.Slice(at, length));
                return true;
            }

            at += length + (length & 1); // chunks are padded to even
            if (at > bytes.Length)
                return false;
        }

        return false;
    }

    /// <summary>A file of 16-bit PCM, mono.</summary>
    public static byte[] WritePcm(ReadOnlySpan<short> samples, int sampleRate = G711.SampleRate)
    {
        var data = new byte[samples.Length * 2];
        for (int i = 0; i < samples.Length; i++)
            BinaryPrimitives.WriteInt16LittleEndian(data.AsSpan(2 * i), samples[i]);
        return Write(WavEncoding.Pcm16, data, sampleRate);
    }

    /// <summary>A file of G.711 u-law, half the size of PCM.</summary>
    public static byte[] WriteMuLaw(ReadOnlySpan<byte> codes, int sampleRate = G711.SampleRate) =>
        Write(WavEncoding.MuLaw, codes, sampleRate);

    private static byte[] Write(WavEncoding encoding, ReadOnlySpan<byte> data, int sampleRate)
    {
        int sampleBytes = encoding == WavEncoding.Pcm16 ? 2 : 1;
        var file = new byte[PcmHeaderBytes + data.Length + (data.Length & 1)];
        Span<byte> bytes = file;
        "RIFF"u8.CopyTo(bytes);
        BinaryPrimitives.WriteInt32LittleEndian(bytes[4..], file.Length - 8);
        "WAVEfmt "u8.CopyTo(bytes[8..]);
        BinaryPrimitives.WriteInt32LittleEndian(bytes[16..], 16);
        BinaryPrimitives.WriteInt16LittleEndian(bytes[20..], (short)encoding);
        BinaryPrimitives.WriteInt16LittleEndian(bytes[22..], 1);
        BinaryPrimitives.WriteInt32LittleEndian(bytes[24..], sampleRate);
        BinaryPrimitives.WriteInt32LittleEndian(bytes[28..], sampleRate * sampleBytes);
        BinaryPrimitives.WriteInt16LittleEndian(bytes[32..], (short)sampleBytes);
        BinaryPrimitives.WriteInt16LittleEndian(bytes[34..], (short)(8 * sampleBytes));
        "data"u8.CopyTo(bytes[36..]);
        BinaryPrimitives.WriteInt32LittleEndian(bytes[40..], data.Length);
        data.CopyTo(bytes[PcmHeaderBytes..]);
        return file;
    }

    private static bool TryParseFormat(ReadOnlySpan<byte> chunk, out int sampleRate, out WavEncoding encoding)
    {
        sampleRate = 0;
        encoding = default;
        if (chunk.Length < 16)
            return false;
        encoding = (WavEncoding)BinaryPrimitives.ReadUInt16LittleEndian(chunk);
        int channels = BinaryPrimitives.ReadUInt16LittleEndian(chunk[2..]);
        sampleRate = BinaryPrimitives.ReadInt32LittleEndian(chunk[4..]);
        int bits = BinaryPrimitives.ReadUInt16LittleEndian(chunk[14..]);
        return channels == 1 && (encoding, bits) is (WavEncoding.Pcm16, 16) or (WavEncoding.ALaw or WavEncoding.MuLaw, 8);
    }
}
