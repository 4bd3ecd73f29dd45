namespace Baton.Voice.Audio;

/// <summary>The two recordings that the phones speak (Speech/, made by eng/make-speech).</summary>
public static class SpeechLibrary
{
    /// <summary>G.711 u-law at 8 kHz; <paramref name="name"/> is "a" or "b".</summary>
    public static bool TryLoad(string name, out ReadOnlyMemory<byte> muLaw)
    {
        muLaw = default;
        using Stream? stream = typeof(SpeechLibrary).Assembly.GetManifestResourceStream($"{name}.wav");
        if (stream is null)
            return false;
        var file = new byte[stream.Length];
        stream.ReadExactly(file);
        if (!WavFile.TryParse(file, out WavFile? wav) || wav is not { Encoding: WavEncoding.MuLaw, SampleRate: G711.SampleRate })
            return false;
        muLaw = wav.Data;
        return true;
    }
}
