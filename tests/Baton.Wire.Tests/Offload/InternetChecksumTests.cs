using Baton.Wire.Offload;
using CsCheck;

namespace Baton.Wire.Tests.Offload;

public sealed class InternetChecksumTests
{
    [Fact] // RFC 1071 3: the words 0001 f203 f4f5 f6f7 sum to ddf2
    public void TheExampleOfTheRfc() =>
        Assert.Equal(0x220D, InternetChecksum.Of([0x00, 0x01, 0xF2, 0x03, 0xF4, 0xF5, 0xF6, 0xF7]));

    [Fact]
    public void AgreesWithTheObviousSumWhateverTheLength() =>
        Gen.Byte.Array[0, 2_000].Sample(bytes => Assert.Equal(Obvious(bytes), InternetChecksum.Of(bytes)));

    [Fact]
    public void PartsOfEvenLengthAddUp() =>
        Gen.Select(Gen.Byte.Array[0, 400], Gen.Int[0, 200]).Sample((bytes, half) =>
        {
            int cut = Math.Min(half * 2, bytes.Length & ~1);
            Assert.Equal(InternetChecksum.Of(bytes),
                InternetChecksum.Finish(InternetChecksum.Add(InternetChecksum.Add(0, bytes.AsSpan(0, cut)), bytes.AsSpan(cut))));
        });

    [Fact]
    public void ALongMessageOfOnesDoesNotOverflow()
    {
        byte[] bytes = new byte[65_535];
        bytes.AsSpan().Fill(0xFF);
        Assert.Equal(Obvious(bytes), InternetChecksum.Of(bytes));
    }

    internal static ushort Obvious(ReadOnlySpan<byte> bytes)
    {
        uint sum = 0;
        for (int i = 0; i < bytes.Length; i++)
        {
            sum += (uint)(i % 2 == 0 ? bytes[i] << 8 : bytes[i]);
            sum = (sum & 0xFFFF) + (sum >> 16);
        }

        return (ushort)~sum;
    }
}
