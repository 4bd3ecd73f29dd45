namespace Baton.Voice.Audio;

/// <summary>ITU-T G.711: 64 kbit/s speech, as u-law (PCMU) and A-law (PCMA), to and from 16-bit PCM.</summary>
/// <remarks>
/// Both laws are floating point in eight bits: a sign, three bits of segment, four of mantissa.
/// <code>
///     bit   7      6 5 4      3 2 1 0
///          sign   segment    mantissa
/// </code>
/// u-law works on 14 bits with a bias of 33 and sends every bit inverted; A-law works on 13 bits and
/// inverts the even ones (0x55). Our PCM is 16 bits, so values are scaled by 4 and by 8.
/// </remarks>
public static class G711
{
    public const int SampleRate = 8000;

    /// <summary>What u-law sends for nothing: positive zero.</summary>
    public const byte MuLawSilence = 0xff;

    /// <summary>What A-law sends for nothing: the smallest positive value.</summary>
    public const byte ALawSilence = 0xd5;

    private const int MuLawBias = 33;
    private const int MuLawClip = 8191 - MuLawBias;

    private static readonly short[] MuLawToLinear = Table(DecodeMuLawSample);
    private static readonly short[] ALawToLinear = Table(DecodeALawSample);

    public static short DecodeMuLaw(byte code) => MuLawToLinear[code];

    public static short DecodeALaw(byte code) => ALawToLinear[code];

    public static void DecodeMuLaw(ReadOnlySpan<byte> codes, Span<short> samples)
    {
        for (int i = 0; i < codes.Length; i++)
            samples[i] = MuLawToLinear[codes[i]];
    }

    public static void DecodeALaw(ReadOnlySpan<byte> codes, Span<short> samples)
    {
        for (int i = 0; i < codes.Length; i++)
            samples[i] = ALawToLinear[codes[i]];
    }

    public static byte EncodeMuLaw(short sample)
    {
        int value = sample >> 2;
        int sign = value < 0 ? 0x80 : 0;
        int biased = Math.Min(Math.Abs(value), MuLawClip) + MuLawBias;
        int segment = Segment(biased >> 5);
        return (byte)~(sign | (segment << 4) | ((biased >> (segment + 1)) & 0x0f));
    }

    public static byte EncodeALaw(short sample)
    {
        int value = sample >> 3;
        int sign = value < 0 ? 0 : 0x80;
        int magnitude = value < 0 ? ~value : value; // no negative zero: -1 is the first negative step
        int segment = magnitude < 32 ? 0 : Segment(magnitude >> 4);
        int mantissa = magnitude >> Math.Max(segment, 1);
        return (byte)((sign | (segment << 4) | (mantissa & 0x0f)) ^ 0x55);
    }

    private static int Segment(int value) => 31 - int.LeadingZeroCount(value);

    private static short DecodeMuLawSample(byte code)
    {
        int bits = ~code & 0xff;
        int segment = (bits >> 4) & 7;
        int magnitude = ((((bits & 0x0f) << 1) + MuLawBias) << segment) - MuLawBias;
        return (short)(((bits & 0x80) != 0 ? -magnitude : magnitude) << 2);
    }

    private static short DecodeALawSample(byte code)
    {
        int bits = code ^ 0x55;
        int segment = (bits >> 4) & 7;
        int magnitude = ((bits & 0x0f) << 1) + 1;
        if (segment > 0)
            magnitude = (magnitude + 32) << (segment - 1);
        return (short)(((bits & 0x80) != 0 ? magnitude : -magnitude) << 3);
    }

    private static short[] Table(Func<byte, short> decode)
    {
        var table = new short[256];
        for (int code = 0; code < table.Length; code++)
            table[code] = decode((byte)code);
        return table;
    }
}
