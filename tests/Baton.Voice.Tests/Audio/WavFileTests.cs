using Baton.Voice.Audio;

namespace Baton.Voice.Tests.Audio;

public class WavFileTests
{
    [Fact]
    public void Pcm_comes_back()
    {
        short[] samples = [0, 1, -1, short.MaxValue, short.MinValue];
        Assert.True(WavFile.TryParse(WavFile.WritePcm(samples), out WavFile? wav));
        Assert.Equal(WavEncoding.Pcm16, wav!.Encoding);
        Assert.Equal(8000, wav.SampleRate);
        Assert.Equal(samples, wav.ToPcm());
    }

    [Fact]
    public void An_odd_number_of_mulaw_bytes_is_padded_and_comes_back()
    {
        byte[] codes = [0xff, 0x00, 0x80];
        byte[] file = WavFile.WriteMuLaw(codes);
        Assert.Equal(0, file.Length % 2);
        Assert.True(WavFile.TryParse(file, out WavFile? wav));
        Assert.Equal(codes, wav!.Data.ToArray());
        Assert.Equal([0, -32124, 32124], wav.ToPcm());
    }

    [Fact]
    public void Header_says_the_lengths_and_an_odd_chunk_before_the_data_is_stepped_over()
    {
        byte[] file = WavFile.WritePcm([1, 2, 3]);
        Assert.Equal(file.Length - 8, BitConverter.ToInt32(file, 4)); // all after this field (RIFF)
        Assert.Equal(6, BitConverter.ToInt32(file, 40));

        byte[] odd = [.. file[..36], .. "note"u8, 3, 0, 0, 0, 9, 9, 9, 0, .. file[36..]];
        Assert.True(WavFile.TryParse(odd, out WavFile? wav));
        Assert.Equal([1, 2, 3], wav!.ToPcm());
    }

    [Fact]
    public void Truncation_anywhere_is_refused_or_shortened_never_thrown()
    {
        byte[] file = WavFile.WritePcm([1, 2, 3, 4]);
        for (int length = 0; length < file.Length; length++)
        {
            if (WavFile.TryParse(file.AsMemory(0, length), out WavFile? wav))
                Assert.True(wav!.ToPcm().Length <= 4);
        }
    }

    [Theory]
    [InlineData("a")]
    [InlineData("b")]
    public void The_recordings_are_long_enough_that_a_call_of_a_minute_repeats_nothing(string name)
    {
        Assert.True(SpeechLibrary.TryLoad(name, out ReadOnlyMemory<byte> speech));
        Assert.InRange(speech.Length, 70 * G711.SampleRate, 85 * G711.SampleRate);

        // Real speech, not silence, and no loud second like another.
        ReadOnlySpan<byte> bytes = speech.Span;
        var seconds = new HashSet<int>();
        for (int second = 0; second < 70; second++)
        {
            ReadOnlySpan<byte> one = bytes.Slice(second * G711.SampleRate, G711.SampleRate);
            int loudest = 0;
            var hash = default(HashCode);
            foreach (byte code in one)
            {
                loudest = Math.Max(loudest, Math.Abs((int)G711.DecodeMuLaw(code)));
                hash.Add(code);
            }

            Assert.True(loudest > 1000, $"second {second} is silent");
            Assert.True(seconds.Add(hash.ToHashCode()), $"second {second} was said before");
        }
    }

    [Fact]
    public void There_is_no_third_voice() => Assert.False(SpeechLibrary.TryLoad("c", out _));
}
