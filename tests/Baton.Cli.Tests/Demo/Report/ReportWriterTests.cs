using System.Text.RegularExpressions;
using System.Xml.Linq;
using Baton.Cli.Demo.Report;
using Baton.Voice.Audio;

namespace Baton.Cli.Tests.Demo.Report;

public sealed partial class ReportWriterTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("baton-report-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public void Page_needs_no_other_file_and_no_network()
    {
        string page = File.ReadAllText(ReportWriter.Write(SampleReport.Make(_folder.FullName), _folder.FullName));
        Assert.DoesNotContain("href=", page, StringComparison.Ordinal);
        Assert.DoesNotContain("url(", page, StringComparison.Ordinal);
        Assert.All(Sources().Matches(page), source => Assert.StartsWith("data:audio/wav;base64,", source.Groups[1].Value, StringComparison.Ordinal));
        Assert.Single(Sources().Matches(page));

        // The recording in the page is the whole one.
        byte[] wav = Convert.FromBase64String(Sources().Match(page).Groups[1].Value["data:audio/wav;base64,".Length..]);
        Assert.True(WavFile.TryParse(wav, out WavFile? parsed));
        Assert.Equal(60 * G711.SampleRate, parsed!.Data.Length);
    }

    [Fact]
    public void Page_says_what_the_model_says_and_escapes_it()
    {
        string page = File.ReadAllText(ReportWriter.Write(SampleReport.Make(_folder.FullName), _folder.FullName));
        Assert.Contains("Gateway A killed &lt;kill -9&gt;", page, StringComparison.Ordinal);
        Assert.DoesNotContain("<kill", page, StringComparison.Ordinal);
        Assert.Contains("two cores &amp; no more", page, StringComparison.Ordinal);
        Assert.Contains("11.4 ms", page, StringComparison.Ordinal);
        Assert.Contains("65,537", page, StringComparison.Ordinal);
        Assert.Single(Regex.Matches(page, "class=\"broken\""));
        Assert.Equal(5, Regex.Count(page, "<figcaption>"));
    }

    /// <summary>Below the picture of the same moment; of an ear that was not rated there is nothing.</summary>
    [Fact]
    public void Page_rates_what_the_ear_had_around_an_event()
    {
        string page = File.ReadAllText(ReportWriter.Write(SampleReport.Make(_folder.FullName), _folder.FullName));
        string rated = Assert.Single(Regex.Matches(page, "<table class=\"quality\">.*?</table>")).Value;
        Assert.Equal(["&ndash;", "&ndash;", "&ndash;", "&ndash;", "&ndash;", "4.17", "84.1", "2 of 50", "62.1 ms", "0.4 ms", "4.36", "91.1", "0 of 250", "20.9 ms", "0.2 ms"],
            Regex.Matches(rated, "<td[^>]*>(.*?)</td>").Select(cell => cell.Groups[1].Value));
    }

    [Fact]
    public void Lanes_are_a_well_formed_picture_of_their_own()
    {
        ReportWriter.Write(SampleReport.Make(_folder.FullName), _folder.FullName);
        XDocument lanes = XDocument.Load(Path.Combine(_folder.FullName, "lanes.svg"));
        string[] texts = [.. lanes.Descendants().Where(element => element.Name.LocalName == "text").Select(element => element.Value)];
        Assert.Contains("limit 65,536", texts);
        Assert.Contains("65,537", texts);
        // B's limit before and after its extension.
        Assert.Contains("limit 16,842,752", texts);
        Assert.Contains("limit 16,872,752", texts);
        Assert.Contains("next number, no jump", texts);
        Assert.Equal(2, texts.Count(text => text == "member A") - 1); // two lanes and the legend
    }

    [Fact]
    public void A_run_that_saw_nothing_still_has_a_report()
    {
        var report = new DemoReport { Title = "", StartedAt = default, StartNs = 5, EndNs = 5, Calls = [new CallRecording("x", "nowhere.wav", 0)] };
        string page = File.ReadAllText(ReportWriter.Write(report, _folder.FullName));
        Assert.Contains("no packet of the call was observed", page, StringComparison.Ordinal);
        Assert.Contains("No recording", page, StringComparison.Ordinal);
        Assert.DoesNotContain("NaN", page, StringComparison.Ordinal);
    }

    [Fact]
    public void Missing_frames_are_found_and_quiet_speech_is_not_one()
    {
        var samples = new short[10 * 160];
        samples.AsSpan().Fill(3);
        samples.AsSpan(2 * 160, 320).Clear();
        samples.AsSpan((9 * 160) + 1, 159).Clear(); // not a whole frame
        Assert.Equal([(2, 2)], WaveformPicture.Missing(samples));
    }

    [GeneratedRegex("src=\"([^\"]*)\"")]
    private static partial Regex Sources();
}
