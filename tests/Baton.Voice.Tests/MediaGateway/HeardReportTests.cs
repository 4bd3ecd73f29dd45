using Baton.Voice.MediaGateway;

namespace Baton.Voice.Tests.MediaGateway;

public sealed class HeardReportTests
{
    /// <summary>RFC 3550 6.4.2: of two blocks the one that is asked for; a negative number of lost ones has 24 bits.</summary>
    [Fact]
    public void The_block_of_a_source_is_found()
    {
        byte[] report =
        [
            0x82, 201, 0, 13, 0, 0, 0, 9,
            0, 0, 0, 1, 128, 0, 0, 5, 0, 1, 0, 7, 0, 0, 0, 40, 0, 0, 0, 0, 0, 0, 0, 0,
            0, 0, 0, 2, 64, 0xff, 0xff, 0xfe, 0, 0, 0, 8, 0, 0, 0, 16, 0, 0, 0, 0, 0, 0, 0, 0,
        ];
        HeardReport heard = default;
        Assert.True(HeardReport.TryRead(report, 1, ref heard));
        Assert.Equal(new HeardReport(1, 0.5, 5, 65_543, 40, null), heard);
        Assert.True(HeardReport.TryRead(report, 2, ref heard));
        Assert.Equal(new HeardReport(2, 0.25, -2, 8, 16, null), heard);
        Assert.False(HeardReport.TryRead(report, 3, ref heard));
    }

    /// <summary>RFC 3550 6.4.1 and RFC 3611 4.7 in one compound packet.</summary>
    [Fact]
    public void A_sender_report_and_the_score_behind_it()
    {
        byte[] sender = [0x81, 200, 0, 12, 0, 0, 0, 9, .. new byte[20], 0, 0, 0, 1, 0, 0, 0, 3, 0, 0, 0, 7, 0, 0, 0, 4, .. new byte[8]];
        byte[] metrics = [7, 0, 0, 8, 0, 0, 0, 1, .. new byte[28]];
        metrics[26] = 42;
        byte[] extended = [0x80, 207, 0, 10, 0, 0, 0, 9, .. metrics];
        HeardReport heard = default;
        Assert.True(HeardReport.TryRead([.. sender, .. extended], 1, ref heard));
        Assert.Equal(new HeardReport(1, 0, 3, 7, 4, 4.2), heard);
        metrics[26] = 127;
        Assert.True(HeardReport.TryRead([0x80, 207, 0, 10, 0, 0, 0, 9, .. metrics], 1, ref heard));
        Assert.Null(heard.OpinionScore);
    }

    [Fact]
    public void What_is_cut_or_lies_about_its_length_says_nothing_and_harms_nothing()
    {
        byte[] whole = [0x9f, 201, 0, 7, 0, 0, 0, 9, 0, 0, 0, 1, 128, 0, 0, 5, 0, 1, 0, 7, 0, 0, 0, 40, 0, 0, 0, 0, 0, 0, 0, 0, 0x80, 207, 0, 2, 0, 0, 0, 9, 7, 0, 0xff, 0xff];
        HeardReport heard = default;
        for (int length = 0; length < 32; length++)
            Assert.False(HeardReport.TryRead(whole.AsSpan(0, length), 1, ref heard));
        Assert.True(HeardReport.TryRead(whole, 1, ref heard));
        var random = new Random(3);
        for (int i = 0; i < 20_000; i++)
        {
            byte[] noise = new byte[random.Next(120)];
            random.NextBytes(noise);
            if (noise.Length > 4)
                (noise[1], noise[2]) = ((byte)random.Next(199, 209), 0);
            HeardReport.TryRead(noise, 1, ref heard);
        }
    }
}
