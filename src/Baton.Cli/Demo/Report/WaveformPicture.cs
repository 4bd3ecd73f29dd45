using System.Globalization;
using System.Text;

namespace Baton.Cli.Demo.Report;

/// <summary>Two seconds of the call around an event as the ear got it; what is missing is marked.</summary>
internal static class WaveformPicture
{
    public const double SecondsAround = 1;

    private const int SampleRate = 8000;
    private const int FrameSamples = 160;
    private const double Width = 540;
    private const double Height = 92;
    private const double Middle = 44;
    private const double HalfHeight = 34;

    /// <param name="eventSample">Where in the recording the event is.</param>
    public static string Draw(ReadOnlySpan<short> samples, int eventSample, string description)
    {
        int around = (int)(SecondsAround * SampleRate);
        int from = eventSample - around;
        int count = 2 * around;
        double loudest = 1;
        for (int i = 0; i < count; i++)
            loudest = Math.Max(loudest, Math.Abs((int)At(samples, from + i)));

        var svg = new Svg(Width, Height, description);
        MarkMissing(svg, samples, from, count);
        svg.Path(Envelope(samples, from, count, loudest), "b-wave", 1);
        svg.Line(Width / 2, 2, Width / 2, Height - 16, "b-event", 1.2, "3 3");
        foreach (double at in new[] { -SecondsAround, -SecondsAround / 2, 0, SecondsAround / 2, SecondsAround })
        {
            double x = (at + SecondsAround) / (2 * SecondsAround) * Width;
            string anchor = at == -SecondsAround ? "start" : at == SecondsAround ? "end" : "middle";
            svg.Text(x, Height - 3, string.Create(CultureInfo.InvariantCulture, $"{at:+0.0;-0.0;0} s"), "b-dim", anchor, 10);
        }

        return svg.ToString();
    }

    /// <summary>
    /// Frames of pure zero between frames that are not. Speech of a synthesizer pauses too, but a pause that went through
    /// the filters of its making is never 160 exact zeros; a frame that was not there is.
    /// </summary>
    public static IEnumerable<(int Frame, int Frames)> Missing(short[] samples)
    {
        int frames = samples.Length / FrameSamples;
        int first = -1;
        for (int frame = 0; frame <= frames; frame++)
        {
            bool empty = frame < frames && samples.AsSpan(frame * FrameSamples, FrameSamples).IndexOfAnyExcept((short)0) < 0;
            if (empty && first < 0)
                first = frame;
            if (!empty && first >= 0)
            {
                yield return (first, frame - first);
                first = -1;
            }
        }
    }

    private static void MarkMissing(Svg svg, ReadOnlySpan<short> samples, int from, int count)
    {
        foreach ((int frame, int frames) in Missing(samples.ToArray()))
        {
            double start = ((frame * FrameSamples) - from) / (double)count * Width;
            double width = frames * FrameSamples / (double)count * Width;
            double left = Math.Max(0, start);
            double right = Math.Min(Width, start + width);
            if (right > left)
                svg.Rectangle(left, 4, right - left, Height - 22, "b-gap");
        }
    }

    /// <summary>The highest and lowest sample under each half pixel.</summary>
    private static StringBuilder Envelope(ReadOnlySpan<short> samples, int from, int count, double loudest)
    {
        var path = new StringBuilder();
        const int Columns = (int)(2 * Width);
        for (int column = 0; column < Columns; column++)
        {
            int start = from + (int)((long)column * count / Columns);
            int end = from + (int)((long)(column + 1) * count / Columns);
            int low = int.MaxValue;
            int high = int.MinValue;
            for (int i = start; i < end; i++)
            {
                low = Math.Min(low, At(samples, i));
                high = Math.Max(high, At(samples, i));
            }

            path.Append(column == 0 ? 'M' : 'L').Append(Svg.N(column / 2.0)).Append(' ').Append(Svg.N(Middle - (high / loudest * HalfHeight)));
            path.Append('L').Append(Svg.N(column / 2.0)).Append(' ').Append(Svg.N(Middle - (low / loudest * HalfHeight)));
        }

        return path;
    }

    private static short At(ReadOnlySpan<short> samples, int index) =>
        index >= 0 && index < samples.Length ? samples[index] : (short)0;
}
